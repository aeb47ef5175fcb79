"""The state of a flow over UDP is what its protocol said last: the question, then the answer."""

from __future__ import annotations

import struct

import pytest
from running import run
from wire import A4, B4, MS, START, eth, ip4, udp

COOKIE = bytes.fromhex("2112a442") + b"abcdefghijkl"


def dhcp(op: int, kind: int) -> bytes:
    """A message of RFC 2131 with its type alone."""
    return struct.pack(">BBBBI", op, 1, 6, 0, 77) + bytes(20) + b"\2\0\0\0\0\x0a" + bytes(202) + b"\x63\x82\x53\x63" + \
        bytes([53, 1, kind, 255])


def ntp(mode: int) -> bytes:
    return bytes([0x20 | mode, 2, 6, 0xE8]) + bytes(8) + b"\1\2\3\4" + b"\xe9" * 32


def stun(kind: int) -> bytes:
    return struct.pack(">HH", kind, 0) + COOKIE


def radius(code: int) -> bytes:
    return struct.pack(">BBH", code, 7, 26) + bytes(16) + b"\1\6user"


def snmp(pdu: int) -> bytes:
    body = bytes([pdu, 11]) + b"\2\1\1\2\1\0\2\1\0\x30\0"
    inner = b"\2\1\1\4\6public" + body
    return bytes([0x30, len(inner)]) + inner


def name_query(flags: int) -> bytes:
    encoded = b"\x20" + b"CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" + b"\0"
    if flags & 0x8000:
        return struct.pack(">HHHHHH", 9, flags, 0, 1, 0, 0) + encoded + struct.pack(">HHIHHI", 32, 1, 9, 6, 0, 1)
    return struct.pack(">HHHHHH", 9, flags, 1, 0, 0, 0) + encoded + b"\0\x20\0\1"


SEARCH = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nST: ssdp:all\r\n\r\n"
FOUND = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\nLOCATION: http://192.0.2.9/\r\n\r\n"
NOTIFY = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nUSN: u1\r\n\r\n"
# of each: ports of both ends, and who says what, with the state after it
SAID = {
    "dhcp": (68, 67, [(0, dhcp(1, 1), "DHCP_DISCOVER"), (1, dhcp(2, 2), "DHCP_OFFER"),
                      (0, dhcp(1, 3), "DHCP_REQUEST"), (1, dhcp(2, 5), "DHCP_ACK"), (0, dhcp(1, 7), "DHCP_RELEASE")]),
    "dhcp refused": (68, 67, [(0, dhcp(1, 3), "DHCP_REQUEST"), (1, dhcp(2, 6), "DHCP_NAK"),
                              (0, dhcp(1, 4), "DHCP_DECLINE"), (0, dhcp(1, 8), "DHCP_INFORM")]),
    "dhcpv6": (546, 547, [(0, b"\1abc\0\1\0\4wxyz", "DHCPV6_REQUEST"), (1, b"\2abc\0\1\0\4wxyz", "DHCPV6_REPLY")]),
    "ntp": (4000, 123, [(0, ntp(3), "NTP_REQUEST"), (1, ntp(4), "NTP_RESPONSE")]),
    "snmp": (4000, 161, [(0, snmp(0xA0), "SNMP_REQUEST"), (1, snmp(0xA2), "SNMP_RESPONSE")]),
    "snmp trap": (4000, 162, [(0, snmp(0xA7), "SNMP_TRAP")]),
    "stun": (4000, 3478, [(0, stun(1), "STUN_REQUEST"), (1, stun(0x101), "STUN_RESPONSE"),
                          (1, stun(0x111), "STUN_ERROR"), (0, stun(0x11), "STUN_INDICATION")]),
    "ssdp": (1900, 4000, [(1, SEARCH, "SSDP_SEARCH"), (0, FOUND, "SSDP_RESPONSE"), (0, NOTIFY, "SSDP_NOTIFY")]),
    "tftp": (4000, 69, [(0, b"\0\1boot.cfg\0octet\0", "TFTP_REQUEST")]),
    "tftp refused": (4000, 69, [(0, b"\0\1boot.cfg\0octet\0", "TFTP_REQUEST"),
                                (1, b"\0\5\0\1File not found\0", "TFTP_ERROR")]),
    "radius": (4000, 1812, [(0, radius(1), "RADIUS_REQUEST"), (1, radius(2), "RADIUS_RESPONSE")]),
    "coap": (4000, 5683, [(0, b"\x41\1\0\1T\xb1a", "COAP_REQUEST"), (1, b"\x61\x45\0\1T", "COAP_RESPONSE")]),
    "netbios": (137, 137, [(0, name_query(0x0110), "NETBIOS_QUERY"), (1, name_query(0x8500), "NETBIOS_RESPONSE")]),
}  # fmt: skip


def frames(name: str, n: int) -> list[tuple[int, bytes]]:
    sport, dport, turns = SAID[name]
    ends = ((A4, B4, sport, dport), (B4, A4, dport, sport))
    return [(START + k * MS, eth(ip4(17, udp(*ends[side][2:], data), *ends[side][:2])))
            for k, (side, data, _) in enumerate(turns[:n])]


@pytest.mark.parametrize("name", SAID)
def test_question_and_answer(name: str) -> None:
    states = [state for *_, state in SAID[name][2]]
    flows = [run(frames(name, n + 1)).flow for n in range(len(states))]
    assert [flow["state"] for flow in flows] == states
    assert {flow["app"] for flow in flows} == {name.split()[0]}


@pytest.mark.parametrize("kinds", [("flows",), ("flows", "packets", "dns", "http", "streams")])
@pytest.mark.parametrize("name", SAID)
def test_whatever_else_is_asked_for(name: str, kinds: tuple[str, ...]) -> None:
    assert run(frames(name, 9), kinds=kinds).flow["state"] == SAID[name][2][-1][2]


def test_a_flow_that_another_protocol_names_is_not_in_its_state() -> None:
    """ICE: checks, then media, then checks again."""
    rtp = [(0, b"\x80\0" + struct.pack(">HII", n, n * 160, 77) + bytes(160), "") for n in range(8)]
    turns = [(0, stun(1), ""), (1, stun(0x101), ""), *rtp, (0, stun(1), "")]
    parts = [(START + k * MS, eth(ip4(17, udp(4000 if side == 0 else 5000, 5000 if side == 0 else 4000, data),
                                      *((A4, B4) if side == 0 else (B4, A4)))))
             for k, (side, data, _) in enumerate(turns)]
    flow = run(parts).flow
    assert (flow["app"], flow["app_stack"][0], flow["state"]) == ("rtp", "stun", "UDP_ACTIVE")
