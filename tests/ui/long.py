"""A capture of twenty minutes, made when asked for: a talker all the time, a burst at the end, DNS now and then."""
from __future__ import annotations

from pathlib import Path

from tests.engine.wire import A4, ACK, B4, START, SYN, eth, ip4, pcap, syn_options, tcp, udp

SECOND = 1_000_000_000
MINUTES = 20
SERVER, RESOLVER = B4, "198.51.100.53"


def make(path: Path) -> Path:
    """Seconds 0 to 1199 have a datagram of 242 bytes each, the last 30 ten more; a DNS question each minute, answered
    after 4 ms; in the last minute a TCP flow, of which one segment comes twice."""
    frames = []
    for second in range(MINUTES * 60):
        at = START + second * SECOND
        for k in range(11 if second >= MINUTES * 60 - 30 else 1):
            frames.append((at + k * 1000, eth(ip4(17, udp(40000, 9999, b"x" * 200), src=A4, dst=SERVER, ident=k + 1))))
        if second % 60 == 10:
            query = second.to_bytes(2, "big") + bytes.fromhex("01000001000000000000") + \
                b"\x03www\x07example\x00\x00\x01\x00\x01"
            answer = query[:2] + bytes.fromhex("8180") + query[4:]
            frames += [(at + SECOND // 2, eth(ip4(17, udp(5000 + second, 53, query), src=A4, dst=RESOLVER))),
                       (at + SECOND // 2 + 4_000_000,
                        eth(ip4(17, udp(53, 5000 + second, answer), src=RESOLVER, dst=A4)))]
    at = START + (MINUTES * 60 - 20) * SECOND + 500_000_000
    there, back = {"src": A4, "dst": SERVER}, {"src": SERVER, "dst": A4}
    frames += [
        (at, eth(ip4(6, tcp(50000, 443, SYN, 100, 0, options=syn_options()), **there))),
        (at + 3_000_000, eth(ip4(6, tcp(443, 50000, SYN | ACK, 900, 101, options=syn_options()), **back))),
        (at + 3_100_000, eth(ip4(6, tcp(50000, 443, ACK, 101, 901), **there))),
        (at + 4_000_000, eth(ip4(6, tcp(50000, 443, ACK, 101, 901, b"a" * 100), **there))),
        (at + 400_000_000, eth(ip4(6, tcp(50000, 443, ACK, 101, 901, b"a" * 100), **there))),
        (at + 405_000_000, eth(ip4(6, tcp(443, 50000, ACK, 901, 201), **back))),
    ]
    path.write_bytes(pcap(sorted(frames, key=lambda frame: frame[0])))
    return path
