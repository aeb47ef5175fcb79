"""A session without a terminal: what it closes and when, what addons say before there is a timeline, what it offers."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from running import open_bytes
from wire import START, SYN, eth, ip4, pcap, tcp

from netwatch.addons.timeline import Timeline
from netwatch.model.contract import WARNING, Addon, Purpose, Run
from netwatch.model.event import Event, Step
from netwatch.run import session as module
from netwatch.run.session import Session


class Slow(Addon):
    """Works on a chunk until it is told to go on."""

    name = "slow"

    def __init__(self) -> None:
        self.entered, self.go_on, self.closed = threading.Event(), threading.Event(), False

    def begin(self, run: Run) -> None:
        run.say("something is amiss", WARNING)

    def take(self, step: Step) -> Sequence[Event]:
        self.entered.set()
        self.go_on.wait(30)
        return ()

    def close(self) -> None:
        self.closed = True


def opened() -> Any:
    return open_bytes(pcap([(START, eth(ip4(6, tcp(1000, 80, SYN, seq=1))))]))


def test_what_is_still_worked_on_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    slow, closed = Slow(), []
    session = Session(Purpose(label="made"), opened, given=lambda: [slow])
    let_go = session._let_go
    monkeypatch.setattr(session, "_let_go", lambda: (closed.append(slow.go_on.is_set()), let_go()))
    session.start()
    assert slow.entered.wait(20)
    session.stop()
    assert not slow.closed and closed == [], "closed under the engine's feet"
    slow.go_on.set()
    until = time.monotonic() + 20
    while not closed and time.monotonic() < until:
        session.stop()
    assert slow.closed and closed == [True]
    session.stop()
    assert closed == [True]


def test_what_an_addon_says_at_the_beginning_is_in_the_timeline() -> None:
    slow = Slow()
    slow.go_on.set()
    session = Session(Purpose(label="made"), opened, given=lambda: [slow])
    session.start()
    until = time.monotonic() + 20
    while not session.health().done and time.monotonic() < until:
        time.sleep(0.01)
    texts = [entry.text for entry in session.ask(Timeline()).events]
    session.stop()
    assert "something is amiss" in texts


def test_offers_fit_what_is_watched() -> None:
    session = Session(Purpose(label="made"), opened)
    session.start()
    assert [offer.text for offer in session.offers if offer.live] == []
    session.stop()
