"""Every key that the table offers, pressed in every place that keys lead to: nothing breaks, whatever is on screen."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.store import crash
from netwatch.ui import keys
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed
from tests.ui.trouble import troubled

LEAVES = {"quit"}
READS_AGAIN = {"replay_start", "replay_end", "replay_play", "replay_packet", "replay_second"}     # by another thread
LONGEST = 4                        # keys to the furthest place
Place = tuple[str, str, tuple[str, ...]]


def place_of(driver: Driver) -> Place:
    return driver.state.view, driver.state.tab, driver.state.contexts()


def offered(driver: Driver) -> list[str]:
    """One name of each line of the table that answers here."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for key in keys.KEYS for name in key.names):
        line = keys.find(driver.state.contexts(), name)
        if line is not None and line.action not in LEAVES | READS_AGAIN:
            found.setdefault(f"{line.context}.{line.action}", name)
    return list(found.values())


def walk(session: Replayed, tab: str) -> Iterator[tuple[tuple[str, ...], Driver]]:
    """Press each key in each place; every path of keys and what came of it."""
    known: set[Place] = set()
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        path = waiting.pop(0)
        here = place_of(driver := Driver(session, tab=tab).keys(*path))
        if here in known or (driver.state.tab != tab and here[0] == "full"):
            continue
        known.add(here)
        for name in offered(driver):
            if place_of(driver) != here:
                driver = Driver(session, tab=tab).keys(*path)
            driver.keys(name)
            yield (*path, name), driver
            if len(path) < LONGEST and place_of(driver) not in known:
                waiting.append((*path, name))


@pytest.fixture(scope="module", params=["trouble", "http.pcap"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    made = troubled(tmp_path_factory.mktemp("trouble")) if request.param == "trouble" else Replayed(request.param)
    yield made
    made.stop()


@pytest.mark.parametrize("tab", ["dashboard", "connections", "interfaces", "packets", "stats", "topology", "timeline",
                                 "processes", "insights", "egress"])
def test_every_key_works_where_it_is_offered(session: Replayed, tab: str, tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[BaseException] = []
    monkeypatch.setattr(crash, "write_report", reports.append)
    monkeypatch.chdir(tmp_path)
    pressed = 0
    for path, driver in walk(session, tab):
        driver.screen()
        assert not reports, f"{tab} {' '.join(path)}: {reports[0]!r}"
        assert not driver.state.failed and not driver.state.snapshot.error, (tab, path)
        pressed += 1
    assert pressed > 30
