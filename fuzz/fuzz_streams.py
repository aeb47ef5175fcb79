"""Any script of TCP segments → no crash, no side delivers more than it sent, bounds hold, every record can be made.

Besides: two engines give what one gives, byte for byte. Input: segments of: flow and side (1), flags (1), sequence
number relative to what the side has sent (2, signed), acknowledgement likewise (1, signed), what the wire adds (1),
length (1), bytes. Run: python fuzz/fuzz_streams.py -max_total_time=600 CORPUS
Coverage guides it only where the extensions were built with CC=clang NETWATCH_SANITIZE=address,fuzzer-no-link.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "engine"))
KINDS = ("flows", "dns", "http", "tls", "packets", "streams")
PORTS = ((40000, 80), (40001, 443), (40002, 53), (40003, 9999))
HEAD = 7
SEGMENTS = 400


def signed(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


class Sides:
    """What the teller of the script knows: the next sequence number of each side, and what was sent from there on."""

    def __init__(self) -> None:
        self.next = {(flow, side): 0xFFFFFF00 + side * 100 for flow in range(len(PORTS)) for side in (0, 1)}
        self.frames: list[tuple[int, bytes, int]] = []
        self.sent: dict[tuple[str, int, int], int] = {}

    def segment(self, flow: int, side: int, flags: int, seq: int, ack: int, wire: int, data: bytes) -> None:
        from wire import A4, B4, eth, ip4, tcp

        ports = PORTS[flow] if side == 0 else PORTS[flow][::-1]
        at = self.next[flow, side] + seq
        body = tcp(*ports, flags, at, self.next[flow, 1 - side] + ack, data + bytes(wire))
        frame = eth(ip4(6, body, *((A4, B4) if side == 0 else (B4, A4))))
        now = 1_700_000_000_000_000_000 + len(self.frames) * 1_000_000
        self.frames.append((now, frame[: len(frame) - wire], len(frame)))
        if seq + len(data) + wire > 0:
            self.next[flow, side] = at + len(data) + wire + bool(flags & 2) + bool(flags & 1)
        key = (A4 if side == 0 else B4, *ports)
        self.sent[key] = self.sent.get(key, 0) + len(data)


def script(data: bytes) -> Sides:
    sides = Sides()
    at = 0
    while at + HEAD <= len(data) and len(sides.frames) < SEGMENTS:
        who, flags, size = data[at], data[at + 1], data[at + 6]
        body = data[at + HEAD : at + HEAD + size]
        sides.segment(
            who >> 1 & 3,
            who & 1,
            flags,
            signed(data[at + 2 : at + 4]),
            signed(data[at + 4 : at + 5]),
            data[at + 5],
            body,
        )
        at += HEAD + size
    return sides


def one_input(data: bytes) -> None:
    """The property."""
    from running import run

    sides = script(data)
    result = run(sides.frames, kinds=KINDS)
    json.dumps(result.in_order, allow_nan=False).encode()
    assert result.summary["packets"] == len(sides.frames)
    assert "events" not in result.summary["drops"]
    flows = {flow["id"]: flow for flow in result.flows}
    delivered: dict[tuple[str, int, int], int] = {}
    for record in result.by_kind["streams"]:
        flow = flows[record["flow"]]
        here, there = (("src", "sport"), ("dst", "dport"))[:: 1 if record["dir"] == "out" else -1]
        key = (flow[here[0]], flow[here[1]], flow[there[1]])
        delivered[key] = delivered.get(key, 0) + record["bytes"]
        assert len(record["text"]) <= record["bytes"] and len(record["sha256"]) == hashlib.sha256().digest_size * 2
    for key, n in delivered.items():
        assert n <= sides.sent.get(key, 0), (key, n, sides.sent)
    assert run(sides.frames, kinds=KINDS, workers=2).text() == result.text()


SEED_TURNS = [
    (0, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    (1, bytes.fromhex("16030100200100001c0303") + bytes(32), b"\x15\x03\x03\x00\x02\x02\x28"),
    (2, b"\0\x15\x12\x34\x01\0\0\1\0\0\0\0\0\0\2ab\0\0\1\0\1", b"\0\x15\x12\x34\x81\x83\0\1\0\0\0\0\0\0\2ab\0\0\1\0\1"),
    (3, b"nothing known", b"\xff" * 40),
]


def seeds(folder: str) -> None:
    """Whole conversations, and one cut into single bytes in reverse order."""
    os.makedirs(folder, exist_ok=True)
    for flow, asked, answered in SEED_TURNS:
        opening = b"".join(
            bytes([flow << 1 | side, flags, 0, 0, 0, 0, 0]) for side, flags in ((0, 2), (1, 18), (0, 16))
        )
        whole = b"".join(
            bytes([flow << 1 | side, 24, 0, 0, 0, 0, len(data)]) + data for side, data in ((0, asked), (1, answered))
        )
        early = b"".join(
            bytes([flow << 1, 24])
            + (n if i == 0 else -2).to_bytes(2, "big", signed=True)
            + b"\0\0\1"
            + asked[n : n + 1]
            for i, n in enumerate(range(len(asked) - 1, -1, -1))
        )
        for i, told in enumerate((opening + whole, whole, opening + early)):
            with open(os.path.join(folder, f"talk{flow}{i}"), "wb") as f:
                f.write(told)


if __name__ == "__main__":
    from seeded import fuzz

    fuzz(one_input, seeds)
