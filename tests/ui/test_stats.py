"""The Stats tab: golden screens, ranges, the tree of protocols, how round trips are put into steps."""
from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from golden_file import same_as_golden

from netwatch.addons.statistics import SPREAD_US, Share, Statistics
from netwatch.ui.tabs.stats import histogram, panels
from netwatch.ui.tabs.stats import tab as stats
from netwatch.ui.theme import UNICODE
from tests.engine.wire import eth, ip4, pcap, spaced
from tests.ui import long
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed

GOLDEN = pathlib.Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    made = Replayed(str(long.make(tmp_path_factory.mktemp("long") / "long.pcap")))
    made.label = "long.pcap"
    yield made
    made.stop()


def shown(session: Replayed, cols: int = 120, rows: int = 40, **more: object) -> Driver:
    return Driver(session, cols, rows, tab="stats", **more)


@pytest.mark.parametrize(("size", "look"), [((80, 24), "unicode"), ((120, 40), "unicode"), ((200, 50), "unicode"),
                                            ((80, 24), "ascii")])
@pytest.mark.parametrize("scene", ["session", "5m"])
def test_golden(session: Replayed, scene: str, size: tuple[int, int], look: str) -> None:
    driver = shown(session, *size, ascii_only=look == "ascii")
    if scene == "5m":
        driver.keys("t", "t")
    screen = driver.screen()
    path = GOLDEN / f"stats-{scene}-{size[0]}x{size[1]}-{look}.txt"
    same_as_golden(path, screen)
    if look == "ascii":
        assert screen.isascii()
    assert not driver.state.failed


def test_every_size_draws(session: Replayed) -> None:
    driver = shown(session)
    for cols, rows in ((40, 12), (41, 13), (60, 16), (75, 17), (76, 20), (130, 44), (400, 100)):
        screen = driver.resize(cols, rows).screen()
        assert not driver.state.failed, (cols, rows)
        assert all(len(line) <= cols for line in screen.splitlines())


def test_a_range_has_only_flows_that_began_in_it(session: Replayed) -> None:
    driver = shown(session)
    whole = driver.state.snapshot.answer
    assert isinstance(whole, Statistics)
    assert (whole.past.counts["begun"], sum(share.flows for share in whole.shares), whole.older) == (22, 22, 0)
    minute = driver.keys("t").state.snapshot.answer
    assert minute.past.counts["begun"] == sum(share.flows for share in minute.shares) == 2       # DNS and TCP
    assert minute.older == 1                                         # the talker, there all the time
    assert "flows begun in 1m; 1 older not in it" in driver.screen()
    assert minute.talkers[0].address == "192.0.2.1"
    assert sum(minute.handshake) == 1 and minute.handshake[11] == 1  # 3.1 ms lies in 2.048 to 4.096


def test_keys_do_what_the_help_says(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "many.pcap"
    path.write_bytes(pcap(spaced(eth(ip4(proto, b"x" * 40)) for proto in (2, 46, 50, 51, 88, 89, 103, 112, 124))))
    session = Replayed(str(path))
    driver = shown(session, 80, 12)

    def selected() -> int:
        return panels.place(driver.state, driver.state.snapshot.answer, "pieces")

    last = len(panels.rows_of(driver.state, driver.state.snapshot.answer, "pieces")) - 1
    screen = driver.screen()
    assert driver.keys("j").screen() != screen and selected() == 1
    assert driver.keys("k").screen() == screen
    assert driver.keys("end").screen() != screen and selected() == last > 4
    assert driver.keys("j").keys("home").screen() == screen
    driver.keys("pgdn")
    assert selected() == min(10, last)
    assert driver.keys("pgup").screen() == screen
    driver.keys("ctrl-t")
    assert driver.state.snapshot.answer.past.range == "24h"
    session.stop()


def test_every_panel_has_rows_that_lead_to_flows(session: Replayed) -> None:
    driver = shown(session)
    for panel in panels.PANELS:
        assert stats._panel(driver.state) == panel
        rows = panels.rows_of(driver.state, driver.state.snapshot.answer, panel)
        if not rows:
            assert panel == "data" and "Nothing is selected" in driver.keys("enter").screen()
            driver.keys("tab")
            continue
        row = rows[0]
        driver.keys("right")
        assert driver.state.tab == "connections"
        flows = row[2] if isinstance(row, tuple) else row.flows
        assert driver.state.snapshot.total == flows
        driver.keys("backspace")
        assert driver.state.tab == "stats"
        driver.keys("tab")
    assert stats._panel(driver.state) == "pieces"


def test_of_a_range_a_row_leads_to_those_that_began_in_it(session: Replayed) -> None:
    driver = shown(session).keys("t", "tab")
    row = panels.rows_of(driver.state, driver.state.snapshot.answer, "talkers")[0]
    driver.keys("right")
    assert driver.state.snapshot.total == row.flows == 2


def test_sums_by_whatever_is_asked_for(session: Replayed) -> None:
    driver = shown(session)
    for by in panels.ways(driver.state)[1:]:
        assert by != "process"                                       # which a file does not know
        driver.keys("a")
        assert f"By {by}" in driver.screen() and not driver.state.failed
        assert driver.state.snapshot.answer.pieces or by == "country"
    assert "DNS response" in driver.screen()
    assert "Protocols" in driver.keys("a").screen()
    assert "By DNS server" in driver.keys("A").screen()


def test_the_mouse_picks_a_range(session: Replayed) -> None:
    driver = shown(session)
    driver.app.mouse("click", driver.state.body.y,
                     next(x for x, name in stats.chip_spots(driver.state) if name == "15m"))
    driver.step(tick=False)
    assert driver.state.snapshot.answer.past.range == "15m"
    driver.app.mouse("wheel-down", 10, 10)
    area = panels.layout(driver.state).talkers
    driver.app.mouse("click", area.y + 3, area.x + 4)
    driver.step(tick=False)
    assert stats.part(driver.state).panel == "talkers"
    assert panels.place(driver.state, driver.state.snapshot.answer, "talkers") == 1
    driver.app.mouse("double", area.y + 2, area.x + 4)
    driver.step(tick=False)
    assert driver.state.tab == "connections" and driver.state.filter.applied_text


def test_a_filter_picks_the_flows_and_says_so(session: Replayed) -> None:
    driver = shown(session, 160, 40).keys("/").type("proto == tcp").keys("enter")
    found = driver.state.snapshot.answer
    assert [(share.transport, share.flows) for share in found.shares] == [("tcp", 1)]
    assert found.past.counts["begun"] == 22
    assert "filter: proto == tcp (not of the counts)" in driver.screen()


def test_the_tree_of_protocols_adds_up() -> None:
    shares = (Share("udp", "dns", 3, 6, 600), Share("tcp", "tls", 1, 10, 5000), Share("udp", "", 1, 1, 60),
              Share("icmp", "", 2, 4, 300))
    assert panels.hierarchy(shares) == [
        Share("tcp", "", 1, 10, 5000), Share("tcp", "tls", 1, 10, 5000),
        Share("udp", "", 4, 7, 660), Share("udp", "dns", 3, 6, 600), Share("udp", "unrecognised", 1, 1, 60),
        Share("icmp", "", 2, 4, 300)]


def test_steps_are_joined_until_they_fit() -> None:
    counts = tuple(1 if 4 <= k < 12 else 0 for k in range(len(SPREAD_US)))
    assert len(histogram.steps_of(counts, 8)) == 8
    joined = histogram.steps_of(counts, 3)
    assert len(joined) == 3 and sum(count for _, _, count in joined) == 8
    assert joined[0][:2] == (16, 128)
    assert histogram.steps_of((0,) * len(SPREAD_US), 5) == []
    last = (*(0,) * (len(SPREAD_US) - 1), 4)
    assert histogram.steps_of(last, 5) == [(SPREAD_US[-1], None, 4)]
    assert histogram.median_step(counts) == 7
    assert histogram.median_step((0,) * len(SPREAD_US)) is None


def test_a_file_tells_nothing_of_drops(session: Replayed) -> None:
    found = shown(session).state.snapshot.answer
    assert stats.tiles_of(found, False, UNICODE)[-1].value == ""
    assert stats.tiles_of(found, True, UNICODE)[-1].value == "0"
    assert UNICODE.none in shown(session).screen()
