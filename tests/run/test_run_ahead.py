"""Filters that take long: the first matches at once and said to be so, and what filters need worked out ahead."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Generator, Iterator
from itertools import pairwise

import pytest
from running import open_bytes
from wire import START, eth, ip4, pcap, udp

from netwatch.filter import Filter
from netwatch.model.contract import Purpose
from netwatch.model.session import Page
from netwatch.run import ahead
from netwatch.run.replay import Player
from netwatch.run.session import Session

NAMES = 12_000
QUESTION = ("bytes", True, 0, 50, True)


def asked() -> bytes:
    """DNS queries of other names each, of other lengths."""
    frames = []
    for k in range(NAMES):
        name = b"h%05d" % k + b"x" * (k * 7 % 40)
        query = struct.pack(">6H", k, 0x0100, 1, 0, 0, 0) + bytes([len(name)]) + name + b"\x07example\x03com\0\0\1\0\1"
        src = f"10.0.{k >> 8}.{k & 255}"
        frames.append((START + k * 1000, eth(ip4(17, udp(1024 + k % 50_000, 53, query), src=src))))
    return pcap(frames)


CAPTURE = asked()


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(Purpose(label="made"), lambda: open_bytes(CAPTURE))
    made.start()
    until = time.monotonic() + 30
    while not made.health().done:
        assert time.monotonic() < until
        time.sleep(0.01)
    yield made
    made.stop()


@pytest.mark.parametrize("text", ["label contains 77", "not label contains 77", "77", "host matches /h0+7/",
                                  "label contains zzz"])
def test_the_first_matches_come_while_all_are_looked_for(session: Session, monkeypatch: pytest.MonkeyPatch,
                                                         text: str) -> None:
    monkeypatch.setattr(ahead, "LATE_S", 0.0)
    monkeypatch.setattr(ahead, "EARLY_S", 5.0)  # whatever else runs here
    where, pages = Filter(text), list[Page]()
    whole = session.query(where, *QUESTION, early=pages.append)
    (first,) = pages
    assert first.looked is not None and 0 < first.looked <= NAMES and whole.looked is None
    assert first.total == len(first.rows) <= whole.total or len(first.rows) == QUESTION[3]
    assert all(where.matches(row) for row in first.rows)
    assert [row["id"] for row in first.rows] == [row["id"] for row in whole.rows[: len(first.rows)]], "in that order"
    if whole.total > NAMES // 2:
        assert len(first.rows) == QUESTION[3], "a whole screen of what is frequent"
    again = session.query(where, *QUESTION, early=pages.append)
    assert (again.total, again.rows) == (whole.total, whole.rows)


def test_a_file_that_is_read_once_more_is_worked_out_ahead_again() -> None:
    made = Session(Purpose(label="made"), lambda: open_bytes(CAPTURE))
    made.player = Player(None)
    made.start()
    worked = []
    for _ in range(2):
        until = time.monotonic() + 30
        while not made.health().done:
            assert time.monotonic() < until
            time.sleep(0.01)
        while not made.prepare(0.05):
            pass
        worked.append((made.engine, made.view.view.work.calls))
        made.player.toggle()
        while made.engine is worked[-1][0]:
            assert time.monotonic() < until
            time.sleep(0.01)
    made.stop()
    assert worked[0][0] is not worked[1][0]
    assert min(calls for _, calls in worked) >= NAMES


def test_what_is_quick_has_no_first_matches(session: Session) -> None:
    pages = list[Page]()
    session.query(Filter("port == 53"), *QUESTION, early=pages.append)
    session.query(None, *QUESTION, early=pages.append)
    assert pages == []


def test_what_filters_need_is_worked_out_ahead_and_once(session: Session) -> None:
    work, steps = session.view.view.work, 0
    while not session.prepare(0.002):
        steps += 1
        assert steps < 10_000
    assert steps > 3, "a little at a time"
    calls = work.calls
    assert calls >= NAMES
    assert session.prepare(1.0) and work.calls == calls
    for text in ("77", "label contains 77"):
        session.query(Filter(text), *QUESTION)
    assert work.calls - calls < 200, "nothing is worked out again"


class Clock:
    """Goes on by a millisecond each time that it is looked at."""

    def __init__(self) -> None:
        self.now, self.rests = 0.0, list[float]()

    def perf_counter(self) -> float:
        self.now += 0.001
        return self.now

    def sleep(self, seconds: float) -> None:
        self.rests.append(self.now)


@pytest.mark.parametrize("late", [None, lambda: None])
def test_others_get_pythons_lock_however_often_pieces_let_go_of_it(session: Session, monkeypatch: pytest.MonkeyPatch,
                                                                   late: Callable[[], None] | None) -> None:
    """Whoever waits asks for it after 5 ms without a moment in which it was free, which short pieces never are."""
    clock = Clock()
    monkeypatch.setattr(ahead, "time", clock)
    assert ahead.driven(iter_of(500, clock), session.lock, session.view, late) == "done"
    assert max(after - before for before, after in pairwise([0.0, *clock.rests, clock.now])) < 0.01
    clock.rests.clear()
    began = clock.now
    session._ahead.step(session.view, session.lock, 0.2)
    assert max(after - before for before, after in pairwise([began, *clock.rests, clock.now])) < 0.01


def iter_of(pieces: int, clock: Clock) -> Generator[bool, None, str]:
    """Work of pieces of a millisecond each."""
    for k in range(pieces):
        clock.perf_counter()
        yield bool(k % 3)
    return "done"
