"""DNS messages, and flows before and after them, for the tests of names: nothing but struct and RFC 1035."""

from __future__ import annotations

import ipaddress
import struct

from running import run
from wire import SYN, Timed, eth, ip4, ip6, raw_mac, tcp, udp

from netwatch.names.addon import Names
from netwatch.names.ports import Services

CLIENT, OTHER, RESOLVER, CDN = "10.0.0.5", "10.0.0.6", "10.0.0.53", "198.51.100.80"
A, CNAME, PTR, AAAA, SRV = 1, 5, 12, 28, 33
Record = tuple[str, int, bytes]


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def address(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def response(asked: str, *records: Record, kind: int = A, flags: int = 0x8180, ttl: int = 60, cls: int = 1,
             questions: int = 1) -> bytes:
    body = struct.pack(">6H", 7, flags, questions, len(records), 0, 0)
    if questions:
        body += name(asked) + struct.pack(">HH", kind, 1)
    for owner, record_kind, data in records:
        body += name(owner) + struct.pack(">HHIH", record_kind, cls, ttl, len(data)) + data
    return body


def told(message: bytes, client: str = CLIENT, server: str = RESOLVER, port: int = 53, to: int = 40000) -> bytes:
    """The datagram that brings a response."""
    wrap, kind = (ip6, 0x86DD) if ":" in client else (ip4, 0x0800)
    return eth(wrap(17, udp(port, to, message), src=server, dst=client), kind)


def opened(client: str = CLIENT, server: str = CDN, sport: int = 50000, dport: int = 9) -> bytes:
    """The first frame of a flow that says no name itself."""
    wrap, kind = (ip6, 0x86DD) if ":" in client else (ip4, 0x0800)
    return eth(wrap(6, tcp(sport, dport, SYN, seq=1), src=client, dst=server), kind)


def dhcp(kind: int, mac: str, yours: str = "0.0.0.0", *, host: str = "", router: str = "", server: str = "") -> bytes:
    """A DHCP message (RFC 2131), from the client for kinds 1, 3 and 8, else from the server."""
    options = bytes([53, 1, kind])
    for code, value in ((12, host.encode()), (3, address(router) if router else b""),
                        (54, address(server) if server else b"")):
        options += bytes([code, len(value)]) + value if value else b""
    request = kind in (1, 3, 8)
    body = struct.pack(">BBBBIHH4s4s4s4s16s64s128s", 1 if request else 2, 1, 6, 0, 7, 0, 0, bytes(4), address(yours),
                       bytes(4), bytes(4), raw_mac(mac), b"", b"") + b"\x63\x82\x53\x63" + options + b"\xff"
    ports, ends = ((68, 67), ("0.0.0.0", "255.255.255.255")) if request else ((67, 68), (server, yours))
    return eth(ip4(17, udp(*ports, body), src=ends[0], dst=ends[1]), src=mac)


def named(frames: list[Timed], workers: int = 1, **options: object) -> list[dict]:
    """The TCP flows, adorned, in order."""
    names = Names(services=Services(""), **options)
    return [flow for flow in run(frames, addons=[names], workers=workers).flows if flow["proto"] == "tcp"]
