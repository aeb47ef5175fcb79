"""Time mode: the tabs as they were, row by row; what cannot be shown says so; the session goes on meanwhile."""
from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.capture.file import open_files
from netwatch.model.contract import Purpose
from netwatch.run.session import Session
from netwatch.store.settings import Settings
from netwatch.ui import timemode
from netwatch.ui.poller import Poller, Request
from netwatch.ui.state import DATED, OF_THE_PAST
from netwatch.ui.tabs import TABS
from tests.engine.wire import START, eth, ip4, pcap, udp
from tests.ui.driver import Driver

SECONDS = 90


class Slow(Session):
    """A file that stands still where it is told to: what was on screen there is compared with the past."""

    extra = 0

    def __init__(self, path: Path) -> None:
        super().__init__(Purpose(label="x.pcap"), lambda: open_files([str(path)]),
                         settings=Settings({"replay.speed": "1"}))
        assert self.player is not None
        self.player.paused = True
        self.start()

    def go(self, ns: int) -> None:
        """On to the end of that moment's second."""
        assert self.player is not None
        self.player.step_to(ns)
        ends = time.monotonic() + 20
        while self.player.state().until is not None and not self.player.done:
            assert time.monotonic() < ends
            time.sleep(0.002)
        time.sleep(0.02)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    chance, frames = random.Random(7), []
    for second in range(SECONDS):
        for n, number in enumerate(sorted(chance.sample(range(40), 12))):
            payload = udp(10_000 + number, 53 if number % 3 else 9, bytes(chance.randrange(400)))
            frames.append((START + second * 10**9 + n * 10**6, eth(ip4(17, payload, dst=f"10.0.0.{number % 9 + 2}"))))
    found = tmp_path / "x.pcap"
    found.write_bytes(pcap(frames))
    return found


@pytest.fixture
def session(path: Path) -> Iterator[Slow]:
    made = Slow(path)
    yield made
    made.stop()


def body(driver: Driver) -> str:
    """The tab itself: no frame, and no sparklines, which are not kept."""
    return re.sub("[\u2800-\u28ff]", " ", "\n".join(driver.screen().splitlines()[2:-2]))


def test_what_is_shown_of_a_moment_is_what_was_on_screen_then(session: Slow) -> None:
    driver = Driver(session, 150, 40, do=lambda command: command.run(session))
    then: dict[int, dict[str, str]] = {}
    for second in (10, 11, 40, 70, 71):
        session.go(START + second * 10**9 + 999_999_999)
        at = session.engine.clock
        driver.step()
        then[at] = {}
        for tab in (*OF_THE_PAST, *DATED):
            driver.state.go(tab)
            driver.app._settle()
            driver.step()
            then[at][tab] = body(driver)
    session.go(START + 85 * 10**9)
    for at, screens in then.items():
        timemode.go(driver.state, at)
        for tab, was in screens.items():
            driver.state.go(tab)
            driver.app._settle()
            driver.step()
            assert driver.state.snapshot.moment is not None and driver.state.snapshot.moment.at_ns == at
            if tab in ("connections", "topology", "processes", "egress", "timeline", "packets"):
                assert body(driver) == was, (tab, at)


def test_steps_minutes_and_back_to_now(session: Slow) -> None:
    session.go(START + 80 * 10**9 + 10**8)
    driver = Driver(session, 120, 30, do=lambda command: command.run(session))
    seen = []
    for key in ("[", "[", "left", "right", "]"):
        driver.keys(key)
        assert driver.state.snapshot.moment is not None
        seen.append((driver.state.snapshot.moment.at_ns - START) // 10**9)
    assert seen[0] > seen[1] > seen[2] and seen[3:] == [seen[1], seen[0]]
    assert "as of " in driver.line(-2) and "every 1.0s" in driver.line(-2) and "x.pcap in th" in driver.line(0)
    driver.keys("{")
    assert driver.state.snapshot.moment.at_ns < START + (seen[0] - 59) * 10**9
    driver.keys("}")
    assert (driver.state.snapshot.moment.at_ns - START) // 10**9 == seen[0]
    driver.keys("@").type("-10s").keys("enter")
    assert (driver.state.snapshot.moment.at_ns - START) // 10**9 == seen[0] - 10
    for _ in range(3):
        driver.keys("{")
    assert driver.state.snapshot.moment.at_ns == driver.state.snapshot.moment.first_ns
    driver.keys("[")
    assert "oldest" in driver.state.message
    driver.keys("end")
    assert driver.state.at is None and driver.state.snapshot.moment is None and "as of" not in driver.line(-2)
    driver.keys("]")
    assert "now" in driver.state.message


def test_every_tab_shows_the_past_or_says_that_it_does_not(session: Slow) -> None:
    session.go(START + 20 * 10**9)
    driver = Driver(session, 120, 30, do=lambda command: command.run(session))
    driver.keys("[")
    for tab in TABS:
        driver.keys(tab.key)
        assert not driver.state.failed
        assert ("shows nothing of the past" in driver.screen()) == (tab.name not in (*OF_THE_PAST, *DATED))
    for _ in range(3):
        driver.keys("V")
        assert not driver.state.failed
    driver.keys("2", "/").type("port == 53").keys("enter")
    assert {row["dport"] for row in driver.state.snapshot.rows} == {53}


def test_keys_that_do_nothing_in_the_past_are_not_offered(session: Slow) -> None:
    """Of a tab that is not shown there are none, and a moment that stands still is not paused."""
    session.go(START + 20 * 10**9)
    driver = Driver(session, 300, 30, do=lambda command: command.run(session))
    for tab in TABS:
        driver.keys("end", tab.key)
        assert "p pause" in driver.line(-1)
        driver.keys("[")
        footer = driver.line(-1)
        assert "[ back" in footer and "] on" in footer and "End now" in footer and "p pause" not in footer
        assert any(word in footer for word in (" sort", " range", " fold", " which", " follow", "t time")) == (
            tab.name in (*OF_THE_PAST, *DATED)), footer
        assert "stands still" in driver.keys("p").state.message and not driver.state.paused
    assert not driver.state.failed


def test_a_session_without_a_past_says_so(path: Path) -> None:
    other = Session(Purpose(label="x"), lambda: open_files([str(path)]), settings=Settings({"history.memory_mb": 0}))
    other.start()
    try:
        shot = Poller(other, 1.0, lambda: None)._poll(Request(at=START), True)
        assert "memory_mb" in shot.gone and shot.moment is None
    finally:
        other.stop()
