"""A capture whose packets have no time (pcapng's Simple Packet Blocks), on every screen: absent reads as absent."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.ui.popups import seek
from netwatch.ui.tabs import TABS
from tests.cli.made_captures import dns_frames, http_frames
from tests.sources.capture_bytes import SPB, block, interface, section
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    path = tmp_path_factory.mktemp("timeless") / "timeless.pcapng"
    path.write_bytes(section() + interface() + b"".join(
        block("<", SPB, len(frame).to_bytes(4, "little") + frame) for frame in (*http_frames(), *dns_frames())))
    made = Replayed(str(path), label="timeless.pcapng")
    yield made
    made.stop()


def test_no_screen_makes_a_time_up(session: Replayed) -> None:
    for tab in TABS:
        for cols, rows in ((80, 24), (160, 50)):
            driver = Driver(session, cols, rows, tab=tab.name)
            for keys in ((), ("enter",), ("down", "enter")):
                screen = driver.keys(*keys).screen()
                assert "1970" not in screen and "00:00:0" not in screen, (tab.name, screen)
                assert not driver.state.failed


def test_nothing_is_by_the_second(session: Replayed) -> None:
    """A rate or a peak of what took an unknown time is not known either."""
    driver = Driver(session, 160, 50, tab="connections")
    for row in driver.state.snapshot.rows:
        assert not row.keys() & {"age_s", "idle_s", "staleness", "up", "down"}
        assert not any(key.startswith(("rate_", "peak_")) for key in row)
    assert "B/s" not in driver.keys("enter").screen()
    dashboard = Driver(session, 160, 50, tab="dashboard").screen()
    assert "no frame has a time" in dashboard and "session, no time" in dashboard and "peak not measured" in dashboard
    assert "No frame has a time" in Driver(session, 160, 50, tab="timeline").screen()


def test_going_back_says_why_it_cannot(session: Replayed) -> None:
    driver = Driver(session, 120, 40, tab="connections").keys("[")
    assert "no times" in driver.screen() and driver.state.at is None
    driver = Driver(session, 120, 40, tab="connections").keys("@").type("+10s").keys("enter")
    assert driver.state.overlay and "no times" in seek.part(driver.state).error


def test_what_is_saved_is_not_named_after_1970(session: Replayed, tmp_path: Path) -> None:
    from netwatch.addons.packets.questions import SavePackets

    before = os.getcwd()
    try:
        os.chdir(tmp_path)
        said = SavePackets().run(session)
    finally:
        os.chdir(before)
    assert "1970" not in said and "frames written" in said
    assert [path.name for path in tmp_path.iterdir()] == ["netwatch-no-time.pcapng"]
