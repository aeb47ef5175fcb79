"""Hand-made frames of every link type and tag, and what all such cases share. The rest are in cases.py."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from wire import (
    A4,
    A6,
    B4,
    B6,
    MAC_A,
    MAC_B,
    SYN,
    eth,
    eth_length,
    ip4,
    ip6,
    mpls,
    pppoe,
    raw_mac,
    sll,
    sll2,
    snap,
    syn_options,
    tcp,
    udp,
    vlan,
    wlan,
)

TCP = tcp(40000, 443, SYN, seq=100, ack=0, options=syn_options())
UDP = udp(40000, 9999, b"payload")
IP4 = ip4(6, TCP)
IP6 = ip6(6, TCP)
INNER4 = ip4(17, UDP, "10.0.0.1", "10.0.0.2")
INNER6 = ip6(17, UDP, "fd00::1", "fd00::2")
FOUR = {"src": A4, "sport": 40000, "dst": B4, "dport": 443, "proto": "tcp"}
SIX = {"src": A6, "sport": 40000, "dst": B6, "dport": 443, "proto": "tcp"}
IN4 = {"src": "10.0.0.1", "sport": 40000, "dst": "10.0.0.2", "dport": 9999, "proto": "udp"}
IN6 = {"src": "fd00::1", "sport": 40000, "dst": "fd00::2", "dport": 9999, "proto": "udp"}
L2 = {"src": MAC_A, "dst": MAC_B}
ETHERNET, PATH4, PATH6 = eth(INNER4), f"{A4}>{B4}", f"{A6}>{B6}"


@dataclass
class Case:
    name: str
    link: int
    frame: bytes
    ends: dict[str, Any]
    layers: str
    around: dict[str, Any] = field(default_factory=dict)
    flows: int = 1


def llc(dsap: int, body: bytes) -> bytes:
    return bytes([dsap, dsap, 3]) + body


def carp() -> bytes:
    return struct.pack(">BBBBBBH", 0x21, 1, 100, 1, 0, 1, 0) + bytes(12)


def over_udp(port: int, body: bytes) -> bytes:
    return eth(ip4(17, udp(50000, port, body)))


def radiotap(body: bytes) -> bytes:
    return struct.pack("<BBHI", 0, 0, 8, 0) + body


def prism(body: bytes) -> bytes:
    return struct.pack("<II", 0x44, 144) + bytes(136) + body


def avs(body: bytes) -> bytes:
    return struct.pack(">II", 0x80211001, 64) + bytes(56) + body


def ppi(link: int, body: bytes) -> bytes:
    return struct.pack("<BBHI", 0, 0, 8, link) + body


def pktap(link: int, body: bytes) -> bytes:
    return struct.pack("<III", 108, 1, link) + bytes(96) + body


def nflog(body: bytes) -> bytes:
    return struct.pack(">BBH", 2, 0, 5) + struct.pack("<HHI", 8, 1, 0) + struct.pack("<HH", 4 + len(body), 9) + body


def token_ring(body: bytes, route: bytes = b"") -> bytes:
    src = bytearray(raw_mac(MAC_A))
    src[0] |= 0x80 if route else 0
    return b"\x10\x40" + raw_mac(MAC_B) + bytes(src) + route + body


def macs_in_macs(body: bytes) -> bytes:
    return eth(struct.pack(">I", 0x123) + body, 0x88E7)


LINKS = [
    Case("ethernet", 1, eth(IP4), FOUR, "eth ip tcp"),
    Case("ethernet ipv6", 1, eth(IP6, 0x86DD), SIX, "eth ipv6 tcp"),
    Case("ethernet llc snap", 1, eth_length(snap(0x0800, IP4)), FOUR, "eth llc ip tcp"),
    Case("ethernet llc ip", 1, eth_length(llc(6, IP4)), FOUR, "eth llc ip tcp"),
    Case("sunatm llc", 123, b"\x02\0\0\x20" + snap(0x0800, IP4), FOUR, "llc ip tcp"),
    Case("sunatm lan emulation", 123, b"\x81\0\0\x20\0\1" + eth(IP4), FOUR, "eth ip tcp"),
    Case("atm, the number of the systems", 11, snap(0x0800, IP4), FOUR, "llc ip tcp"),
    Case("netanalyzer", 240, bytes(4) + eth(IP4) + bytes(4), FOUR, "eth ip tcp"),
    Case("netanalyzer transparent", 241, bytes(4) + b"\x55" * 7 + b"\xd5" + eth(IP4) + bytes(4), FOUR, "eth ip tcp"),
    Case("mpacket", 274, b"\x55" * 7 + b"\xd5" + eth(IP6, 0x86DD) + bytes(4), SIX, "eth ipv6 tcp"),
    Case("mpls alone", 219, mpls([17], IP4), FOUR, "mpls ip tcp", {"mpls": [17]}),
    Case("sll", 113, sll(0x0800, IP4), FOUR, "sll ip tcp"),
    Case("sll ipv6", 113, sll(0x86DD, IP6), SIX, "sll ipv6 tcp"),
    Case("sll gre", 113, sll(0x0800, IP4, hardware=778), FOUR, "sll ip tcp"),
    Case("sll2", 276, sll2(0x0800, IP4), FOUR, "sll2 ip tcp"),
    Case("sll2 vlan", 276, sll2(0x8100, vlan(7, 0x0800, IP4)), FOUR, "sll2 vlan ip tcp", {"vlan": [7]}),
    Case("raw 101", 101, IP4, FOUR, "raw ip tcp"),
    Case("raw 101 ipv6", 101, IP6, SIX, "raw ipv6 tcp"),
    Case("raw 12", 12, IP4, FOUR, "raw ip tcp"),
    Case("raw 14", 14, IP4, FOUR, "raw ip tcp"),
    Case("ipv4", 228, IP4, FOUR, "raw ip tcp"),
    Case("ipv6", 229, IP6, SIX, "raw ipv6 tcp"),
    Case("null little", 0, struct.pack("<I", 2) + IP4, FOUR, "null ip tcp"),
    Case("null big", 0, struct.pack(">I", 2) + IP4, FOUR, "null ip tcp"),
    Case("null linux 6", 0, struct.pack("<I", 10) + IP6, SIX, "null ipv6 tcp"),
    Case("null netbsd 6", 0, struct.pack("<I", 24) + IP6, SIX, "null ipv6 tcp"),
    Case("null freebsd 6", 0, struct.pack("<I", 28) + IP6, SIX, "null ipv6 tcp"),
    Case("null macos 6", 0, struct.pack("<I", 30) + IP6, SIX, "null ipv6 tcp"),
    Case("loop", 108, struct.pack(">I", 2) + IP4, FOUR, "loop ip tcp"),
    Case("ppp", 9, b"\xff\x03\x00\x21" + IP4, FOUR, "ppp ip tcp"),
    Case("ppp short protocol", 9, b"\x21" + IP4, FOUR, "ppp ip tcp"),
    Case("ppp ipv6", 9, b"\x00\x57" + IP6, SIX, "ppp ipv6 tcp"),
    Case("ppp serial", 50, b"\xff\x03\x00\x21" + IP4, FOUR, "ppp ip tcp"),
    Case("ppp hdlc", 50, b"\x0f\x00\x08\x00" + IP4, FOUR, "ppp ip tcp"),
    Case("ppp bridged", 9, b"\x00\x31\x00\x01" + eth(IP4), FOUR, "ppp eth ip tcp"),
    Case("pppoe link", 51, pppoe(3, IP4), FOUR, "pppoe ppp ip tcp", {"pppoe_session": 3}),
    Case("chdlc", 104, b"\x0f\x00\x08\x00" + IP4, FOUR, "chdlc ip tcp"),
    Case("frame relay nlpid", 107, b"\x18\x41\x03\xcc" + IP4, FOUR, "frelay ip tcp"),
    Case("frame relay nlpid 6", 107, b"\x18\x41\x03\x8e" + IP6, SIX, "frelay ipv6 tcp"),
    Case("frame relay snap", 107, b"\x18\x41\x03\x00\x80\0\0\0\x08\0" + IP4, FOUR, "frelay ip tcp"),
    Case("frame relay bridged", 107, b"\x18\x41\x03\x00\x80\0\x80\xc2\0\x07" + eth(IP4), FOUR, "frelay eth ip tcp"),
    Case("frame relay cisco", 107, b"\x18\x41\x08\x00" + IP4, FOUR, "frelay ip tcp"),
    Case("frame relay 4 bytes", 107, b"\x18\x40\x40\x41\x03\xcc" + IP4, FOUR, "frelay ip tcp"),
    Case("802.11", 105, wlan(snap(0x0800, IP4)), FOUR, "wlan llc ip tcp"),
    Case("802.11 qos", 105, wlan(snap(0x0800, IP4), qos=True), FOUR, "wlan llc ip tcp"),
    Case("802.11 four addresses", 105, wlan(snap(0x0800, IP4), ways=3), FOUR, "wlan llc ip tcp"),
    Case("radiotap", 127, radiotap(wlan(snap(0x0800, IP4), ways=2)), FOUR, "radiotap wlan llc ip tcp"),
    Case("prism", 119, prism(wlan(snap(0x0800, IP4))), FOUR, "radiotap wlan llc ip tcp"),
    Case("avs", 163, avs(wlan(snap(0x0800, IP4))), FOUR, "radiotap wlan llc ip tcp"),
    Case("ppi", 192, ppi(105, wlan(snap(0x0800, IP4))), FOUR, "ppi wlan llc ip tcp"),
    Case("ppi ethernet", 192, ppi(1, eth(IP4)), FOUR, "ppi eth ip tcp"),
    Case("pktap", 258, pktap(1, eth(IP4)), FOUR, "pktap eth ip tcp"),
    Case("pktap raw", 149, pktap(12, IP4), FOUR, "pktap raw ip tcp"),
    Case("nflog", 239, nflog(IP4), FOUR, "nflog ip tcp"),
    Case("token ring", 6, token_ring(snap(0x0800, IP4)), FOUR, "llc ip tcp"),
    Case("token ring routed", 6, token_ring(snap(0x0800, IP4), b"\x04\x10\0\x10"), FOUR, "llc ip tcp"),
    Case("fddi", 10, b"\x57" + raw_mac(MAC_B) + raw_mac(MAC_A) + snap(0x0800, IP4), FOUR, "llc ip tcp"),
    Case("atm", 100, snap(0x0800, IP4), FOUR, "llc ip tcp"),
    Case("atm iso", 100, b"\xfe\xfe\x03\xcc" + IP4, FOUR, "llc ip tcp"),
    Case("fibre channel", 122, bytes(16) + snap(0x0800, IP4), FOUR, "llc ip tcp"),
    Case("arcnet", 129, b"\x01\x02\0\0\xd4\0\0\1" + IP4, FOUR, "ip tcp"),
    Case("arcnet old", 129, b"\x01\x02\0\0\xf0" + IP4, FOUR, "ip tcp"),
]
TAGS = [
    Case("vlan", 1, eth(vlan(12, 0x0800, IP4, 5), 0x8100), FOUR, "eth vlan ip tcp", {"vlan": [12]}),
    Case(
        "qinq",
        1,
        eth(vlan(100, 0x8100, vlan(200, 0x86DD, IP6)), 0x88A8),
        SIX,
        "eth vlan vlan ipv6 tcp",
        {"vlan": [100, 200]},
    ),
    Case(
        "qinq old",
        1,
        eth(vlan(1, 0x9100, vlan(2, 0x8100, vlan(4095, 0x0800, IP4))), 0x9100),
        FOUR,
        "eth vlan vlan vlan ip tcp",
        {"vlan": [1, 2, 4095]},
    ),
    Case("priority tag", 1, eth(vlan(0, 0x0800, IP4, 7), 0x8100), FOUR, "eth vlan ip tcp", {"vlan": [0]}),
    Case("vlan llc", 1, eth(vlan(9, 46, snap(0x0800, IP4)), 0x8100), FOUR, "eth vlan llc ip tcp", {"vlan": [9]}),
    Case("mpls", 1, eth(mpls([16, 1048575], IP4), 0x8847), FOUR, "eth mpls ip tcp", {"mpls": [16, 1048575]}),
    Case("mpls ipv6", 1, eth(mpls([99], IP6), 0x8848), SIX, "eth mpls ipv6 tcp", {"mpls": [99]}),
    Case(
        "mpls ethernet",
        1,
        eth(mpls([99], bytes(4) + eth(IP4)), 0x8847),
        FOUR,
        "eth mpls pw-eth eth ip tcp",
        {"mpls": [99]},
    ),
    Case("pppoe", 1, eth(pppoe(0x1234, IP4), 0x8864), FOUR, "eth pppoe ppp ip tcp", {"pppoe_session": 0x1234}),
    Case(
        "vlan pppoe 6",
        1,
        eth(vlan(5, 0x8864, pppoe(1, IP6, 0x0057)), 0x8100),
        SIX,
        "eth vlan pppoe ppp ipv6 tcp",
        {"vlan": [5], "pppoe_session": 1},
    ),
    Case("mac in mac", 1, macs_in_macs(eth(IP4)), FOUR, "eth pbb eth ip tcp"),
]
