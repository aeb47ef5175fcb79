"""What stations of the local network say of themselves."""

from __future__ import annotations

import ipaddress
import struct

from messages import be32, dhcp
from situation import Frames, at, fires
from wire import arp, eth, ip4, ip6, udp

GATEWAY, HOST = "192.0.2.1", "192.0.2.50"
MAC_GATEWAY, MAC_EVIL, MAC_HOST = "02:00:00:00:01:01", "02:00:00:00:06:66", "02:00:00:00:00:50"


def says(when: float, address: str, mac: str, kind: int = 2) -> tuple[int, bytes]:
    return at(when), eth(arp(kind, address, HOST, mac), 0x0806, mac)


def offer(when: float, server: str, router: str) -> tuple[int, bytes]:
    here, there = (ipaddress.IPv4Address(each).packed for each in (server, router))
    body = dhcp(2, (53, b"\2"), (54, here), (51, be32(3600)), (3, there), (6, there), yours=bytes([192, 0, 2, 99]))
    return at(when), eth(ip4(17, udp(67, 68, body), server, "255.255.255.255"))


def advertisement(when: float, mac: str, router: str) -> tuple[int, bytes]:
    """RFC 4861 section 4.2, with the source's link-layer address."""
    body = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + b"\1\1" + bytes.fromhex(mac.replace(":", ""))
    return at(when), eth(ip6(58, body, router, "ff02::1", hops=255), 0x86DD, mac)


@fires("arp_spoof")
def two_stations_say_they_are_the_gateway() -> Frames:
    return [says(i, GATEWAY, MAC_EVIL if i % 3 else MAC_GATEWAY) for i in range(20)]


@fires()
def a_gateway_is_replaced() -> Frames:
    return [says(i * 10, GATEWAY, MAC_GATEWAY if i < 10 else MAC_HOST) for i in range(20)]


@fires()
def an_address_of_two_routers_moves() -> Frames:
    return [says(i, GATEWAY, MAC_GATEWAY if i % 2 else "00:00:5e:00:01:05") for i in range(20)]


@fires()
def a_lease_goes_to_others_day_by_day() -> Frames:
    known = says(1, "192.0.2.60", "02:00:00:00:07:01")
    return [known, *(says(i * 90000, HOST, f"02:00:00:00:07:{i % 2:02x}") for i in range(12))]


@fires("rogue_dhcp")
def a_second_server_gives_another_router() -> Frames:
    return [offer(0, GATEWAY, GATEWAY), offer(20, GATEWAY, GATEWAY), offer(300, "192.0.2.66", "192.0.2.66")]


@fires()
def a_pair_of_servers() -> Frames:
    return [offer(i * 100, f"192.0.2.{2 + i % 2}", GATEWAY) for i in range(6)]


@fires("rogue_router")
def a_router_appears_beside_another() -> Frames:
    return [*(advertisement(i * 200, MAC_GATEWAY, "fe80::1") for i in range(10)),
            advertisement(1500, MAC_EVIL, "fe80::666")]


@fires()
def two_routers_from_the_start() -> Frames:
    return [advertisement(i * 100, MAC_HOST if i % 2 else MAC_GATEWAY, f"fe80::{1 + i % 2}") for i in range(20)]


@fires("new_device")
def a_station_that_was_not_there_before() -> Frames:
    return [*(says(i * 100, HOST, MAC_HOST) for i in range(50)), says(5000, "192.0.2.77", "02:00:00:00:00:77")]
