"""Records as the classifiers hand them on: whole, each once, and found again after a loss."""

from __future__ import annotations

import itertools
import random

import pytest
from peers import Peers, Said

from netwatch._fast.out.probe import Probe

SEALED, END = 4, 0xFFFFFFFF
TURNS: Said = [(0, b"question" * 50), (1, b"answer" * 3000), (0, b"thanks")]


@pytest.fixture(scope="module")
def said() -> Said:
    return Peers("1.3").talk(TURNS)


def fed(turns: Said, cut: random.Random | None = None) -> list[tuple[int, int, bytes]]:
    """(side, lost before, records) of each event."""
    probe = Probe("tls", sealed=True)
    for side, data in turns:
        edges = [0, *sorted(cut.randrange(len(data) + 1) for _ in range(6)), len(data)] if cut else [0, len(data)]
        for a, b in itertools.pairwise(edges):
            if a < b:
                probe.feed(side, data[a:b])
    probe.close()
    *events, last = [event for event in probe.events if event[0] == SEALED]
    assert (last[3], last[4]) == (END, b"")
    return [(side, lost, data) for _, side, _, lost, data in events]


def records(data: bytes) -> list[bytes]:
    """Whole records; nothing may be left over."""
    found, at = [], 0
    while at < len(data):
        size = 5 + int.from_bytes(data[at + 3 : at + 5], "big")
        assert at + size <= len(data)
        found.append(data[at : at + size])
        at += size
    return found


def by_side(events: list[tuple[int, int, bytes]]) -> list[list[bytes]]:
    return [[r for each, _, data in events if each == side for r in records(data)] for side in (0, 1)]


def test_whole_records_in_order(said: Said) -> None:
    whole = [records(b"".join(data for each, data in said if each == side)) for side in (0, 1)]
    assert by_side(fed(said)) == whole
    for seed in range(10):
        events = fed(said, random.Random(seed))
        assert by_side(events) == whole
        assert not any(lost for _, lost, _ in events)


def test_nothing_without_a_listener(said: Said) -> None:
    probe = Probe("tls")
    for side, data in said:
        probe.feed(side, data)
    probe.close()
    assert [event for event in probe.events if event[0] == SEALED] == []


@pytest.mark.parametrize("seed", range(20))
def test_found_again(seed: int, said: Said) -> None:
    """After a hole anywhere: genuine records only, and the number of bytes that were not handed on is right."""
    rng = random.Random(seed)
    stream = b"".join(data for side, data in said if side == 1)
    whole = records(stream)
    at = rng.randrange(len(whole[0]), len(stream) - 400)
    size = rng.randrange(1, 300)
    probe = Probe("tls", sealed=True)
    probe.feed(0, said[0][1])
    probe.feed(1, stream[:at])
    probe.lost(1, size)
    probe.feed(1, stream[at + size :])
    probe.close()
    events = [(lost, data) for kind, side, _, lost, data in probe.events if (kind, side) == (SEALED, 1) and lost != END]
    shown = [record for _, data in events for record in records(data)]
    assert all(record in whole for record in shown)
    assert len(whole) - 3 <= len(shown) < len(whole)
    handed = sum(lost + len(data) for lost, data in events)
    assert handed == len(stream)


def test_without_a_client_hello_it_ends_early() -> None:
    """No keys can be found then; as many records are awaited as early data may need."""
    probe = Probe("tls", sealed=True)
    for side, data in Peers("1.3").talk([(1, b"x" * 1000)] * 200):
        if side == 1:
            probe.feed(1, data)
    probe.close()
    handed = [record for event in probe.events if event[0] == SEALED for record in records(event[4])]
    assert 60 < len(handed) < 80


def test_noise_ends_it() -> None:
    rng = random.Random(3)
    probe = Probe("tls", sealed=True)
    for side, data in Peers("1.2").talk([])[:2]:
        probe.feed(side, data)
    probe.feed(0, b"\x50" + rng.randbytes(5000))
    probe.feed(1, b"\x17\x03\x03\xff\xff" + rng.randbytes(5000))
    probe.close()
    assert all(records(event[4]) for event in probe.events if event[0] == SEALED and event[3] != END)
