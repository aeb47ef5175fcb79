"""Any bytes, as frames of any link type → each is counted once, with a flow or one reason, and all records can be made.

Besides: two engines give the packets that one gives. Input: link type (2), then frames of: length (1), what the wire
adds beyond it (1), time step in ms (1), bytes. Run: python fuzz/fuzz_parse.py -max_total_time=600 CORPUS
Coverage guides it only where the extensions were built with CC=clang NETWATCH_SANITIZE=address,fuzzer-no-link.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "engine"))
LINKS = (
    1,
    113,
    276,
    101,
    228,
    229,
    0,
    108,
    9,
    50,
    51,
    104,
    107,
    105,
    127,
    119,
    163,
    192,
    258,
    239,
    6,
    10,
    100,
    122,
    129,
    117,
    109,
    226,
    178,
    242,
    284,
    285,
    281,
    282,
)
KINDS = ("flows", "dns", "http", "tls", "packets", "streams")
FRAMES = 200


def script(data: bytes) -> tuple[int, list[tuple[int, bytes, int]]]:
    """(link type, timed frames) of an input; the first two bytes choose among the known link types, or name any."""
    number = int.from_bytes(data[:2], "big")
    link = LINKS[number % len(LINKS)] if number & 0x8000 else number
    frames = []
    at, now = 2, 1_700_000_000_000_000_000
    while at + 3 <= len(data) and len(frames) < FRAMES:
        size, more, step = data[at : at + 3]
        frame = data[at + 3 : at + 3 + size]
        now += step * 1_000_000
        frames.append((now, frame, len(frame) + more * 7))
        at += 3 + size
    return link, frames


def told(link: int, frames: list[tuple[int, bytes]]) -> bytes:
    """The input that script() reads back as these frames."""
    number = 0x8000 // len(LINKS) * len(LINKS) + len(LINKS) + LINKS.index(link)
    body = b"".join(bytes([len(f), 0, 1]) + f for _, f in frames if len(f) < 256)
    return number.to_bytes(2, "big") + body


def one_input(data: bytes) -> None:
    """The property."""
    from running import run

    from netwatch._fast.out.names import REJECTS

    link, frames = script(data)
    result = run(frames, link, KINDS)
    json.dumps(result.in_order, allow_nan=False).encode()
    assert result.summary["packets"] == len(frames)
    assert [p["n"] for p in result.packets] == list(range(1, len(frames) + 1))
    assert sorted(f["id"] for f in result.flows) == list(range(1, len(result.flows) + 1))
    reasons = {name for name in REJECTS if name}
    for packet in result.packets:
        why = [note for note in packet.get("notes", ()) if note in reasons]
        assert len(why) == (0 if "flow" in packet else 1), packet
    again = run(frames, link, ("packets",), workers=2)
    assert [body(p) for p in again.packets] == [body(p) for p in result.packets]


def body(packet: dict[str, Any]) -> dict[str, Any]:
    """What of a packet's record is its own."""
    return {key: value for key, value in packet.items() if key not in ("flow", "app", "notes")}


def seeds(folder: str) -> None:
    """One input for each hand-made frame of the tests."""
    from cases import CASES

    os.makedirs(folder, exist_ok=True)
    for i, case in enumerate(CASES):
        if case.link in LINKS:
            with open(os.path.join(folder, f"case{i}"), "wb") as f:
                f.write(told(case.link, [(0, case.frame)] * 2))


if __name__ == "__main__":
    from seeded import fuzz

    fuzz(one_input, seeds)
