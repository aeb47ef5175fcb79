"""What a summary counts does not depend on whether anybody asks for more: parsers leave out what nobody will see."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import pytest
from running import open_bytes, run_capture

from netwatch.run import addons
from netwatch.run.pipeline import Pipeline

TESTS = Path(__file__).resolve().parents[1]
CAPTURES = sorted([*TESTS.glob("golden/*.pcap"), *TESTS.glob("captures/*.pcap")])
HEADERS = 42  # bytes of Ethernet, IPv4 and UDP: what is damaged lies behind them


def totals_alone(capture: bytes) -> str:
    """The summary where it is all that is asked for, as `read --what summary` does."""
    source = open_bytes(capture)
    pipeline = Pipeline(source, addons=addons.load(addons.CONTENT), facts=False)
    pipeline.run_quietly()
    pipeline.finish()
    summary = pipeline.summary()
    pipeline.close()
    source.close()
    return json.dumps(summary)


def totals_beside_records(capture: bytes) -> str:
    kinds = ("flows", "dns", "http", "tls")
    return json.dumps(run_capture(capture, kinds, addons=addons.load(addons.CONTENT)).summary)


def damaged(capture: bytes, seed: int) -> bytes:
    """One byte in three frames changed, behind the headers: messages break in the middle of flows that are known."""
    rng = random.Random(seed)
    out = bytearray(capture)
    order = "<" if capture[:1] in (b"\xd4", b"\x4d") else ">"
    at = 24
    while at + 16 <= len(out):
        size = struct.unpack_from(f"{order}I", out, at + 8)[0]
        if size > HEADERS and rng.random() < 0.33:
            out[at + 16 + rng.randrange(HEADERS, size)] ^= rng.randrange(1, 256)
        at += 16 + size
    return bytes(out)


def test_there_are_captures():
    assert len(CAPTURES) > 20


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_summary_alone(path: Path):
    capture = path.read_bytes()
    assert totals_alone(capture) == totals_beside_records(capture)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_summary_of_broken_messages(path: Path):
    for seed in range(5):
        capture = damaged(path.read_bytes(), seed)
        assert totals_alone(capture) == totals_beside_records(capture), seed
