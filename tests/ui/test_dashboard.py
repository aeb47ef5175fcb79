"""The Dashboard, Lite and Dense: golden screens, keys, sizes, and that what was not measured is never a number.

Golden screens are in tests/ui/golden; NETWATCH_GOLDEN=1 writes them anew.
"""
from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from golden_file import same_as_golden

from netwatch._fast.term.canvas import Canvas
from netwatch.addons.dashboard import Branch, DashboardNow, DashboardQuestion, Minutes
from netwatch.addons.interfaces import ACTIVE, Interface
from netwatch.addons.overview import Gateway, Overview, OverviewQuestion, Peer
from netwatch.addons.throughput import RANGES, DnsTime, PastQuestion
from netwatch.model.group import Within
from netwatch.model.machine import Counters, Rate
from netwatch.ui import keys
from netwatch.ui.state import State
from netwatch.ui.tabs.dashboard import health, programs, responders
from netwatch.ui.tabs.dashboard import tab as dashboard
from netwatch.ui.theme import UNICODE
from netwatch.ui.views import dense
from netwatch.ui.widgets import graph, throughput
from tests.ui import long
from tests.ui.driver import Driver
from tests.ui.owned import CAPTURES, Owned
from tests.ui.replayed import Replayed

GOLDEN = pathlib.Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    made = Replayed(str(long.make(tmp_path_factory.mktemp("long") / "long.pcap")), label="long.pcap")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def names() -> Iterator[Replayed]:
    made = Replayed("dns.pcap")
    yield made
    made.stop()


def shown(session: Replayed, place: str, cols: int, rows: int, **more: object) -> Driver:
    more |= {"tab": place} if place == "dashboard" else {"view": place}
    return Driver(session, cols, rows, **more)


def compare(driver: Driver, name: str, look: str) -> str:
    screen = driver.screen()
    path = GOLDEN / f"{name}-{driver.canvas.cols}x{driver.canvas.rows}-{look}.txt"
    same_as_golden(path, screen)
    if look == "ascii":
        assert screen.isascii()
    assert not driver.state.failed
    return screen


LOOKS = [((80, 24), "unicode"), ((120, 40), "unicode"), ((200, 50), "unicode"), ((80, 24), "ascii")]


@pytest.mark.parametrize(("size", "look"), LOOKS)
@pytest.mark.parametrize("place", ["dashboard", "lite", "dense"])
def test_golden(session: Replayed, place: str, size: tuple[int, int], look: str) -> None:
    compare(shown(session, place, *size, ascii_only=look == "ascii"), f"{place}-long", look)


@pytest.mark.parametrize(("size", "look"), LOOKS[:2])
@pytest.mark.parametrize("place", ["dashboard", "lite"])
def test_golden_of_names(names: Replayed, place: str, size: tuple[int, int], look: str) -> None:
    compare(shown(names, place, *size).keys("j", "enter" if place == "lite" else "j"), f"{place}-names", look)


@pytest.mark.parametrize("place", ["dashboard", "lite", "dense"])
def test_every_size_draws(session: Replayed, place: str) -> None:
    driver = shown(session, place, 80, 24)
    for cols, rows in ((40, 12), (41, 13), (60, 16), (76, 17), (96, 20), (129, 43), (130, 44), (200, 50), (400, 100)):
        screen = driver.resize(cols, rows).screen()
        assert not driver.state.failed, (cols, rows)
        assert all(len(line) <= cols for line in screen.splitlines())
        assert "quit" in screen.splitlines()[-1]


def test_dense_says_what_it_needs(session: Replayed) -> None:
    driver = shown(session, "dense", 129, 44)
    assert "130x44 needed" in driver.screen()
    assert "1 Throughput" in driver.resize(130, 44).screen()


def test_ranges_are_real(session: Replayed) -> None:
    """What the range covers is what the tiles count; a range older than the file is the file."""
    driver = shown(session, "dashboard", 120, 40)
    seen = []
    for _ in RANGES:
        driver.keys("t")
        found = driver.state.snapshot.answer
        assert isinstance(found, Overview)
        assert 0 < found.past.end - found.past.start - found.past.seconds < 1
        seen.append((found.past.range, found.past.end - found.past.start, found.past.counts["packets"],
                     found.dns.timed))
    whole = 20 * 60 + 300 + 2 * 20 + 6
    assert seen == [("1m", 60, 60 + 300 + 2 + 6, 1), ("5m", 300, 300 + 300 + 10 + 6, 5),
                    ("15m", 900, 900 + 300 + 30 + 6, 15), ("1h", 1200, whole, 20), ("6h", 1200, whole, 20),
                    ("24h", 1200, whole, 20), ("session", 1200, whole, 20)]
    assert driver.keys("t").state.snapshot.answer.past.range == "1m"
    assert driver.keys("ctrl-t").state.snapshot.answer.past.range == "session"


def test_rates_are_the_counts(session: Replayed) -> None:
    past = PastQuestion("1m").answer(session)
    assert past.rates["bytes"][:10] == (242.0,) * 10
    assert sum(rate * past.step for rate in past.rates["packets"]) == past.counts["packets"]
    assert past.rates["up"][-1] == 11 * 242
    old = PastQuestion("1h").answer(session)
    assert old.rates["packets"][0] is None                       # forty minutes before the file began
    assert sum(rate is None for rate in old.rates["packets"]) * old.step == 2400


def test_keys_do_what_the_help_says(names: Replayed) -> None:
    """Of the tree, and after w of the hosts."""
    driver = shown(names, "dashboard", 120, 40)
    tree = driver.state.snapshot.answer.programs
    assert programs.selected(driver.state) == tree[0] and not any(branch.depth for branch in tree)
    opened = driver.keys("enter").state.snapshot.answer.programs
    assert opened[0].opened and opened[1].leaf and opened[1].depth == 1
    assert programs.place(driver.keys("end").state) == len(opened) - 1
    assert programs.place(driver.keys("home", "j", "j", "k").state) == 1
    assert driver.keys("enter").state.tab == "connections"          # a leaf has nothing below it but its flows
    assert driver.state.snapshot.total == opened[1].flows
    driver.keys("backspace", "home", "enter")
    assert driver.state.snapshot.answer.programs == tree
    first = driver.keys("w").state.snapshot.answer.peers[0]
    assert responders.selected(driver.state) == first
    second = driver.keys("j").state.snapshot.answer.peers[1]
    assert responders.selected(driver.state) == second != first
    assert responders.cursor(driver.keys("end").state) == len(driver.state.snapshot.answer.peers) - 1
    assert responders.cursor(driver.keys("pgup").state) == 0
    assert responders.cursor(driver.keys("pgdn", "home").state) == 0
    assert not driver.state.snapshot.answer.by_rate
    assert driver.keys("s").state.snapshot.answer.by_rate
    driver.keys("s", "enter")
    assert "rtt 52" in driver.screen() or "mean of" in driver.screen() or "timed" in driver.screen()
    for peer in driver.state.snapshot.answer.peers:
        driver.keys("right")
        assert driver.state.tab == "connections"
        assert driver.state.snapshot.total == peer.flows
        assert sum(row["down_bytes"] for row in driver.state.snapshot.rows) == peer.down
        driver.keys("backspace", "j")
        assert driver.state.tab == "dashboard" and driver.state.within is None


def unfolded(session: Replayed, by_rate: bool = False) -> DashboardNow:
    """The whole tree."""
    found = DashboardQuestion("session", 1000, by_rate).answer(session)
    for _ in range(2):
        paths = frozenset(branch.path for branch in found.programs)
        found = DashboardQuestion("session", 1000, by_rate, unfolded=paths).answer(session)
    return found


@pytest.mark.parametrize("made", [Replayed, Owned])
def test_the_tree_adds_up_and_leads_to_what_it_counted(made: type[Replayed]) -> None:
    """Programs or hosts hold all flows, what is below one adds up to it, and each row leads to those it counted."""
    session = made(*CAPTURES[:1] if made is Replayed else ())
    try:
        rows = session.query(None, "id", False, 0, 10_000, True).rows
        found = unfolded(session)
        assert found.by_owner == (made is Owned)
        tops = [branch for branch in found.programs if not branch.depth]
        assert sum(branch.flows for branch in tops) == len(rows) == sum(peer.flows for peer in found.peers)
        assert len(tops) == found.programs_told
        for branch in found.programs:
            mine = session.query(None, "id", False, 0, 10_000, True, branch.within).rows
            assert len(mine) == branch.flows, branch
            assert sum(row["down_bytes"] for row in mine) == branch.down
            assert sum(row["up_bytes"] for row in mine) == branch.up
        for at, branch in enumerate(found.programs):
            below = []
            for other in found.programs[at + 1:]:
                if other.depth <= branch.depth:
                    break
                below += [other] if other.depth == branch.depth + 1 else []
            if below:
                assert sum(each.flows for each in below) == branch.flows, branch
                assert sum(each.down + each.up for each in below) == branch.down + branch.up
    finally:
        session.stop()


def test_programs_with_several_processes_open_in_two_steps() -> None:
    session = Owned()
    try:
        driver = shown(session, "dashboard", 120, 40)
        rows = [branch.label for branch in driver.state.snapshot.answer.programs]
        assert "firefox" in rows and "sshd 877" in rows
        assert any(row.startswith("no program: its socket") for row in rows)
        while programs.selected(driver.state).label != "firefox":
            driver.keys("j")
        assert "firefox (2)" in driver.selected_line()
        driver.keys("enter", "j")
        assert programs.selected(driver.state).label in ("PID 2101", "PID 2102")
        driver.keys("enter", "j")
        assert programs.selected(driver.state).leaf and not driver.state.failed
        assert "\x1b" not in driver.screen()
    finally:
        session.stop()


def test_the_last_minute_is_of_seconds_that_were_looked_at() -> None:
    """None where nobody looked; one value a second, however often it is asked; bounded."""
    minutes = Minutes()
    branch = Branch((("process.name", "curl"),), 0, "curl", 1, 1, 0, 0, 70, 30, (), False, False, Within((), (), ""))
    assert minutes.added(1000, [branch])[0].minute[-2:] == (None, 100)
    assert minutes.added(1000, [replace(branch, rate_up=900)])[0].minute[-1] == 100
    assert minutes.added(1003, [branch])[0].minute[-4:] == (100, None, None, 100)
    assert len(minutes.added(1059, [branch])[0].minute) == 60
    assert minutes.added(1059, [branch])[0].minute[0] == 100
    for number in range(3000):
        minutes.added(1060, [replace(branch, path=(("process.name", str(number)),))])
    assert minutes.added(1060, [branch])[0].minute[0] is None       # it made room


def test_nothing_shown_is_above_the_peak(names: Replayed) -> None:
    """A second that was captured in part has too low a rate: neither what is now nor the mean exceeds axis or peak."""
    for capture in CAPTURES:
        session = Replayed(capture)
        past = PastQuestion("session").answer(session)
        for key in ("down", "up", "bytes", "packets"):
            top = throughput.highest(past, key)
            assert top >= (throughput.newest(past, key) or 0) and top >= (throughput.average(past, key) or 0)
            assert graph.ceiling(top) >= top
        session.stop()


def test_health_has_a_word_only_beside_a_figure(names: Replayed) -> None:
    driver = shown(names, "dashboard", 120, 40)
    found = driver.state.snapshot.answer
    told = ["".join(text for text, _ in item) for item in health.health_items(found, True, UNICODE)]
    assert told[0] == "gateway no default route here" and told[1].startswith("DNS 114 µs ok  14 answered")
    nothing = replace(found, dns=DnsTime(None, 0, False, False), dns_errors=0, open_us=None, opened=0,
                      gateway=Gateway("10.0.0.1", None, ""), past=replace(found.past, counts={"tcp": 0, "resent": 0}))
    told = ["".join(text for text, _ in item) for item in health.health_items(nothing, True, UNICODE)]
    assert told == ["gateway 10.0.0.1 not measured", "DNS not measured", "TCP open not measured", "resent not measured"]
    slow = replace(found, open_us=1_500_000, gateway=Gateway("10.0.0.1", 90_000, "TCP handshake"))
    told = ["".join(text for text, _ in item) for item in health.health_items(slow, True, UNICODE)]
    assert told[0] == "gateway 10.0.0.1 90.0 ms slow" and told[2].startswith("TCP open 1.5 s bad")


def test_the_card_says_what_is_not_told_and_never_rounds_a_loss_away(names: Replayed) -> None:
    driver = shown(names, "dashboard", 120, 40)
    found, sound = driver.state.snapshot.answer, names.health()
    row = Interface("eth0", ACTIVE, Counters("eth0", 1, 1, 1, 1, 0, 2, 3), Rate(1.0, 9e6, 1e3, 1, 1, 0, 0),
                    addresses=("192.0.2.7/24", "fe80::1/64"))
    told = ["".join(text for text, _ in item) for item in health.card_items(row, found, sound, UNICODE)]
    assert told[:4] == ["eth0 active", "192.0.2.7/24", "speed not told", "▼ 9.0 MB/s  ▲ 1.0 kB/s"]
    assert "captured 100 %" in told
    fast = replace(row, counters=Counters("eth0", 1, 1, 1, 1, 0, 2, 3, speed_mbps=100))
    told = ["".join(text for text, _ in item) for item in health.card_items(fast, found, sound, UNICODE)]
    assert any(text.startswith("72.0 % of link, busy") for text in told)
    lossy = replace(sound, packets=10_000_000, kernel_drops=1)
    assert health.captured_words(lossy)[0] == "captured 99.99 %, 1 lost"
    assert health.captured_words(replace(sound, packets=0))[0] == "captured: nothing yet"


def test_what_is_new_says_what_is_bad_first_and_how_much_is_left_out(names: Replayed) -> None:
    driver = shown(names, "dashboard", 120, 40)
    found = driver.state.snapshot.answer
    loud = [each.severity for each in found.news]
    assert loud == sorted(loud, key=lambda severity: severity == "info") and sum(
        each.count for each in found.news) <= found.news_total
    assert "Its last 5 min" in driver.screen()


def test_a_filter_picks_the_peers(names: Replayed) -> None:
    driver = shown(names, "dashboard", 120, 40)
    before = sum(peer.flows for peer in driver.state.snapshot.answer.peers)
    driver.keys("/").type("proto == tcp").keys("enter")
    found = driver.state.snapshot.answer
    assert 0 < sum(peer.flows for peer in found.peers) == 2 < before
    assert "of all flows, whatever the filter" in driver.screen()
    driver.keys("/", "ctrl-u").type("proto == sctp").keys("enter")
    assert "No flow passes this filter." in driver.screen()


def test_views_go_round_and_lite_opens(names: Replayed) -> None:
    driver = shown(names, "dashboard", 130, 44)
    assert "▼ last" in driver.keys("V").screen() and driver.state.view == "lite"
    closed = driver.screen()
    assert "in all" in driver.keys("enter").screen()
    assert driver.keys("enter").screen() == closed
    assert "4 Top connections" in driver.keys("V").screen()
    assert driver.keys("V").state.view == "full"
    assert "Dash" in driver.line(0)


def test_mouse_selects_and_opens(names: Replayed) -> None:
    driver = shown(names, "dashboard", 120, 40)
    place = dashboard.layout(driver.state).hosts
    driver.app.mouse("click", place.y + 3, place.x + 4)
    assert responders.cursor(driver.state) == 1 and programs.part(driver.state).where
    driver.app.mouse("wheel-up", place.y + 3, place.x + 4)
    assert responders.cursor(driver.state) == 0
    driver.app.mouse("click", place.y + place.height - 1, place.x + 4)      # no peer there
    assert responders.cursor(driver.state) == 0
    tree = dashboard.layout(driver.state).programs
    driver.app.mouse("double", tree.y + 2, 10)
    driver.step()
    assert not programs.part(driver.state).where and driver.state.snapshot.answer.programs[1].leaf
    driver.app.mouse("wheel-down", tree.y + 2, 10)
    assert programs.place(driver.state) == 1
    driver.app.mouse("double", place.y + 3, place.x + 4)
    assert driver.state.tab == "connections"


def test_every_key_has_its_context() -> None:
    for context in ("dashboard", "lite", "dense"):
        bound = {key.action for key in keys.KEYS if key.context == context}
        assert {"range_next", "range_previous", "peer_order", "peer_down", "peer_up"} <= bound


def invented(session: Replayed) -> Overview:
    return OverviewQuestion("5m").answer(session)


def test_what_was_not_measured_is_no_number(session: Replayed) -> None:
    found = invented(session)
    silent = Gateway("10.0.0.1", None, "")
    for gateway, note in ((None, "no default route here"), (silent, "no flow to 10.0.0.1 timed")):
        tile = health.gateway_tile(replace(found, gateway=gateway), UNICODE)
        assert (tile.value, tile.note) == ("", note)
    timed = health.gateway_tile(replace(found, gateway=Gateway("10.0.0.1", 1500, "TCP handshake")), UNICODE)
    assert (timed.value, timed.note) == ("1.5 ms", "ok: TCP handshake, newest")
    assert health.dns_tile(replace(found, dns=DnsTime(None, 0, False, False)), UNICODE).value == ""
    assert health.dns_tile(replace(found, dns=DnsTime(None, 0, False, True)), UNICODE).note == "content is not read"
    nothing = replace(found.past, counts=dict.fromkeys(found.past.counts, 0))
    assert health.resent_tile(replace(found, past=nothing)).value == ""
    assert health.resent_tile(found).value == "16.67 %"           # one of six


def test_dense_shows_the_busiest_interfaces(session: Replayed) -> None:
    """Of a live source; a file has none, and all counts instead."""
    assert "2 By the second" in shown(session, "dense", 140, 44).screen()
    driver = shown(session, "dense", 140, 44)
    names = ("eth0", "evil\x1b[31m\u202e", "wg0", "lo", "dummy0", "dummy1")
    rows = tuple(Interface(name, ACTIVE, Counters(name, 1, 1, 1, 1, 0, 2, 3), Rate(1.0, 9e6 / (1 + i), 1e3, 1, 1, 0, 0))
                 for i, name in enumerate(names))
    found = replace(driver.state.snapshot.answer, interfaces=rows)
    driver.state.snapshot = replace(driver.state.snapshot, answer=found)
    screen = driver.screen()
    assert "2 Interfaces, 5 of 6, and by the second" in screen
    lines = [line for line in screen.splitlines() if "active" in line]
    assert [line.split()[2] for line in lines][0::4] == ["eth0", "dummy0"] and "dummy1" not in screen
    assert "9.0 MB/s" in lines[0] and "1.0 kB/s" in lines[0]
    assert "now/s" in screen or "last/s" in screen
    assert "\x1b" not in screen and not driver.state.failed


def test_hostile_names_stay_in_their_cells(session: Replayed) -> None:
    driver = shown(session, "dashboard", 120, 40)
    bad = "evil\x1b[31m\u202e\r\n日本語" * 9
    found = replace(driver.state.snapshot.answer, peers=(Peer(bad, bad, bad, 1, 2, 3, 4, 5, 6, bad, 7,
                                                                      Within((), (), bad)),) * 3)
    for place, module in (("dashboard", dashboard), ("dense", dense)):
        other = shown(session, place, 140, 50)
        other.app.state.snapshot = replace(other.state.snapshot, answer=found)
        canvas = Canvas(50, 140)
        module.draw(canvas, other.state.body, other.state)
        assert not [ch for ch in str(canvas) if ch != "\n" and not ch.isprintable()]


def test_before_the_first_answer_nothing_is_claimed() -> None:
    state = State(label="eth0", tab="dashboard", parts={"dashboard": dashboard.new_part()})
    state.body = state.body._replace(height=20, width=80)
    canvas = Canvas(20, 80)
    dashboard.draw(canvas, state.body, state)
    assert str(canvas).split() == ["Reading", "eth0"]


def test_no_flow_lives_on_in_a_file_that_was_read(session: Replayed) -> None:
    """Not in the status line, the capture's own health, groups or hosts."""
    for more in ({"view": "dense"}, {"tab": "dashboard"}, {"tab": "topology"}, {"tab": "connections"}):
        driver = Driver(session, 200, 50, **more)
        if more.get("tab") == "connections":
            driver.keys("a", "a")
        if more.get("tab") == "topology":
            driver.keys("enter")
        assert not re.search(r"\d live\b|flows live", driver.screen()), more
