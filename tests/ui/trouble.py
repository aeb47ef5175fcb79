"""A capture of a network in trouble, built by hand: what Timeline, Insights, Topology and Egress have to tell of."""
from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from wire import ACK, MS, RST, SECOND, START, SYN, eth, ip4, pcap, tcp, udp

from tests.ui.replayed import Replayed

CLIENT, SERVER, RESOLVER = "192.168.1.10", "192.168.1.20", "192.168.1.1"
NEAR, FAR, FARTHEST = "93.184.216.34", "151.101.1.6", "203.5.113.9"
CODES = [3] * 6 + [2] * 4 + [0] * 20
Frame = tuple[int, bytes]


def packet(proto: int, payload: bytes, src: str, dst: str) -> bytes:
    return eth(ip4(proto, payload, src, dst))


def opened(at: int, sport: int, dst: str, dport: int, rtt: int) -> Iterator[Frame]:
    """A handshake that takes `rtt` ns."""
    yield at, packet(6, tcp(sport, dport, SYN, 0, 0), CLIENT, dst)
    yield at + rtt * 3 // 4, packet(6, tcp(dport, sport, SYN | ACK, 0, 1), dst, CLIENT)
    yield at + rtt, packet(6, tcp(sport, dport, ACK, 1, 1), CLIENT, dst)


def asked(at: int, number: int, code: int) -> Iterator[Frame]:
    """A DNS query and its response 2 ms later."""
    question = b"".join(bytes((len(part),)) + part for part in (f"name{number}".encode(), b"example", b"net")) + b"\0"
    body = struct.pack(">HHHH", 1, 0, 0, 0) + question + struct.pack(">HH", 1, 1)
    yield at, packet(17, udp(40000 + number, 53, struct.pack(">HH", number, 0x0100) + body), CLIENT, RESOLVER)
    yield at + 2 * MS, packet(17, udp(53, 40000 + number, struct.pack(">HH", number, 0x8180 | code) + body), RESOLVER,
                              CLIENT)


def frames() -> list[Frame]:
    found: list[Frame] = []
    for number, code in enumerate(CODES):
        found += asked(START + number * 100 * MS, number, code)
    for i in range(6):                                       # refused
        at = START + 4 * SECOND + i * 50 * MS
        found += [(at, packet(6, tcp(50000 + i, 8081, SYN, 0, 0), CLIENT, SERVER)),
                  (at + MS, packet(6, tcp(8081, 50000 + i, RST | ACK, 0, 1), SERVER, CLIENT))]
    for i, (host, rtt) in enumerate(((NEAR, 12 * MS), (FAR, 90 * MS), (FARTHEST, 340 * MS))):
        found += opened(START + 5 * SECOND, 51000 + i, host, 443, rtt)
    at = START + 6 * SECOND                                  # loss: a segment sent twenty times within a second
    for i in range(1, 241):
        found.append((at + i * MS, packet(6, tcp(443, 51000, ACK, 1 + 1000 * (i - 1), 1, bytes(1000)), NEAR, CLIENT)))
    found += [(at + (300 + 20 * i) * MS, packet(6, tcp(443, 51000, ACK, 1 + 5000, 1, bytes(1000)), NEAR, CLIENT))
              for i in range(20)]
    found.append((START + 7 * SECOND, packet(6, tcp(51001, 443, ACK, 1, 1, window=0), CLIENT, FAR)))
    found.append((START + 8 * SECOND, packet(6, tcp(443, 51002, RST, 1, 1), FARTHEST, CLIENT)))
    for i in range(6):                                       # never answered
        found.append((START + 9 * SECOND + i * MS, packet(6, tcp(52000 + i, 9000, SYN, 0, 0), CLIENT, "192.168.1.66")))
    at = START + 200 * SECOND                                # two minutes later, by when those have been given up
    told = struct.pack(">BBHI", 3, 1, 0, 0) + ip4(17, udp(1, 2, b""), CLIENT, NEAR)
    found.append((at, packet(1, told, RESOLVER, CLIENT)))
    found += [(at + (i + 1) * MS, eth(b"\x45\x00\x00")) for i in range(15)]          # no whole IP header
    found += opened(at + 30 * MS, 53000, NEAR, 80, 10 * MS)
    found.append((at - 5 * SECOND, packet(17, udp(6000, 6001, b"late"), CLIENT, SERVER)))    # a clock that went back
    return found


def troubled(folder: Path) -> Replayed:
    """A session that has read it. stop() it."""
    path = folder / "trouble.pcap"
    path.write_bytes(pcap(frames()))
    return Replayed(str(path), label=path.name)
