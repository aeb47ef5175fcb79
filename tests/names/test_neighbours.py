"""Stations of the local network from ARP, NDP, DHCP and NetBIOS: what they say of themselves, and since when."""

from __future__ import annotations

import struct

from answers import CLIENT, address, dhcp, opened
from running import run
from wire import MAC_A, MAC_B, MS, SECOND, START, arp, eth, ip6, raw_mac

from netwatch._fast.out.naming import link_sighting
from netwatch.names import neighbours
from netwatch.names.addon import Names
from netwatch.names.neighbours import Neighbours
from netwatch.names.ports import Services
from netwatch.names.vendors import LOCAL

HOST, GATEWAY = "10.0.0.5", "10.0.0.1"
SIX, ROUTER6 = "fe80::5", "fe80::1"


def seen(frames: list, workers: int = 1) -> tuple[Names, list[dict]]:
    names = Names(services=Services(""))
    return names, run(frames, addons=[names], workers=workers).flows


def ndp(kind: int, src: str, target: str = "", *, mac: str, lifetime: int = 1800, hops: int = 255) -> bytes:
    """RFC 4861 section 4: solicitation, advertisement, router advertisement."""
    option = bytes([2 if kind == 136 else 1, 1]) + raw_mac(mac)
    body = struct.pack(">BBHI", kind, 0, 0, 0)
    if kind == 134:
        body = struct.pack(">BBHBBHII", kind, 0, 0, 64, 0, lifetime, 0, 0)
    elif kind in (135, 136):
        body += address(target)
    return eth(ip6(58, body + option, src=src, dst="ff02::1", hops=hops), 0x86DD, src=mac)


def test_arp_tells_where_its_sender_lives():
    names, flows = seen([(START, eth(arp(1, HOST, GATEWAY), 0x0806)), (START + 1, opened(HOST, GATEWAY))])
    assert flows[1]["lan"] == {"src": {"mac": MAC_A, "vendor": LOCAL}}
    (device,) = names.neighbours.devices()
    assert device == {"address": HOST, "mac": MAC_A, "vendor": LOCAL, "sources": ["arp"], "last": START}


def test_neighbour_discovery():
    names, _ = seen([(START, ndp(136, SIX, SIX, mac=MAC_A)), (START + 1, ndp(134, ROUTER6, mac=MAC_B)),
                     (START + 2, ndp(135, "fe80::7", ROUTER6, mac="02:00:00:00:00:0d")),
                     (START + 3, ndp(136, "fe80::66", "fe80::66", mac="02:00:00:00:00:66", hops=64)),
                     (START + 4, ndp(134, "fe80::2", mac="02:00:00:00:00:0e", lifetime=0))])
    found = {each["address"]: (each["mac"], each.get("role")) for each in names.neighbours.devices()}
    assert found == {SIX: (MAC_A, None), ROUTER6: (MAC_B, "router"), "fe80::7": ("02:00:00:00:00:0d", None),
                     "fe80::2": ("02:00:00:00:00:0e", None)}
    assert names.neighbours.gateways() == [ROUTER6]


def test_dhcp_tells_names_and_roles_once_it_is_acknowledged():
    offer = [(START, dhcp(3, MAC_A, host="laptop")), (START + 1, dhcp(2, MAC_A, HOST, router=GATEWAY, server=GATEWAY))]
    names, _ = seen(offer)
    assert names.neighbours.devices() == []
    names, flows = seen([*offer, (START + MS, dhcp(5, MAC_A, HOST, router=GATEWAY, server="10.0.0.2")),
                         (START + SECOND, opened(HOST, GATEWAY))])
    assert flows[-1]["lan"] == {"src": {"mac": MAC_A, "vendor": LOCAL, "host": "laptop"}, "dst": {"role": "router"}}
    assert [(d["address"], d.get("role")) for d in names.neighbours.devices()] == [
        (HOST, None), (GATEWAY, "router"), ("10.0.0.2", "dhcp-server")]


def test_a_flow_is_not_told_what_came_after_its_last_frame():
    frames = [(START, opened(HOST, GATEWAY)), (START + SECOND, eth(arp(2, HOST, GATEWAY, MAC_B), 0x0806))]
    assert "lan" not in seen(frames)[1][0]
    first = eth(arp(2, HOST, GATEWAY, MAC_A), 0x0806)
    flows = seen([(START - 1, first), *frames, (START + 2 * SECOND, opened(HOST, GATEWAY, 50001))])[1]
    macs = [flow["lan"]["src"]["mac"] for flow in flows if flow["proto"] == "tcp"]
    assert macs == [MAC_A, MAC_B]
    assert flows == seen([(START - 1, first), *frames, (START + 2 * SECOND, opened(HOST, GATEWAY, 50001))], 3)[1]


def test_group_addresses_and_nobody_live_nowhere():
    group = eth(arp(2, HOST, GATEWAY, "01:00:5e:00:00:01"), 0x0806)
    probe = eth(arp(1, "0.0.0.0", HOST, MAC_A), 0x0806)
    assert seen([(START, group), (START + 1, probe)])[0].neighbours.devices() == []


def test_a_flow_between_macs_has_makers():
    _, (flow,) = seen([(START, eth(bytes(60), 0x0842, src=MAC_A, dst=MAC_B))])
    assert flow["lan"]["src"] == {"mac": MAC_A, "vendor": LOCAL}


def sighting(at: str, mac: str = MAC_A) -> bytes:
    return bytes([0, 0, 1, 4]) + address(at) + bytes(12) + raw_mac(mac) + bytes(2)


def test_the_table_is_bounded(monkeypatch):
    monkeypatch.setattr(neighbours, "MAX_STATIONS", 10)
    table = Neighbours()
    assert link_sighting(sighting(CLIENT)) == ("arp", None, CLIENT, MAC_A, "")
    for i in range(25):
        table.learn(START + i, sighting(f"10.0.1.{i}"))
    assert len(table.stations) == 10 and table.forgotten == 15
    for i in range(30):
        table.learn(START + 100 + i, sighting("10.0.1.24", f"02:00:00:00:01:{i:02x}"))
    assert len(table.stations["10.0.1.24"].macs) == neighbours.MAX_MACS
