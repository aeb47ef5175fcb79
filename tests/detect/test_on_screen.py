"""Alerts reach whoever looks at the terminal: a mark on every tab and view, all of one on Enter, cards in Insights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import scans
from wire import pcap

from netwatch.addons import alerts
from netwatch.addons.insights import Insights
from netwatch.addons.recorder import Recorder
from netwatch.addons.timeline import Timeline
from netwatch.detect.acknowledged import ACK, MUTE, load
from netwatch.model.session import Sign
from netwatch.ui import chrome
from netwatch.ui.tabs import TABS
from netwatch.ui.views import VIEWS
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed

SIZES = ((40, 12), (80, 24), (120, 35), (200, 50))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Replayed]:
    """A flood, which is critical, and a port scan, which is a warning."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = tmp_path / "made.pcap"
    made.write_bytes(pcap(sorted(scans.a_syn_scan_of_a_hundred_ports()
                                 + scans.a_flood_from_one_address_that_is_answered())))
    found = Replayed(str(made), label="made.pcap", asked=False)
    yield found
    found.stop()


def driven(session: Replayed, cols: int = 120, rows: int = 35, **more: object) -> Driver:
    driver = Driver(session, cols, rows, do=lambda command: done(driver, command), **more)
    return driver


def done(driver: Driver, command: alerts.Acknowledge) -> None:
    """As the poller does it, which looks again."""
    driver.state.message = driver.session.do(command)
    driver.poller._told_at = ()
    driver.step()


def at(driver: Driver, title: str) -> Driver:
    """The alert of that title selected, in the Timeline."""
    for _ in driver.state.snapshot.answer.events:
        if title in driver.selected_line():
            return driver
        driver.keys("j")
    raise AssertionError(driver.screen())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_mark_is_on_every_tab_and_view(session: Replayed, size: tuple[int, int], ascii_only: bool) -> None:
    cards = session.ask(Insights()).cards
    sign, dot = ("^", "-") if ascii_only else ("▲", "·")
    more = ": SYN flood" if size[0] >= 110 else ""
    words = f" {sign} 1 critical{more} {dot} {sum(card.severity == 'warning' for card in cards)} warnings"
    assert len(cards) > 2 and all(card.severity != "critical" for card in cards[1:])
    for tab in TABS:
        assert driven(session, *size, tab=tab.name, ascii_only=ascii_only).line(-2).startswith(words), tab.name
    for view in VIEWS:
        assert driven(session, *size, view=view.name, ascii_only=ascii_only).line(-2).startswith(words), view.name
    paused = driven(session, *size, ascii_only=ascii_only).keys("p", "M")
    assert paused.line(-2).startswith(words)


def test_the_mark_counts_what_insights_has_cards_of(session: Replayed) -> None:
    """An alert that somebody has seen to is gone at once; everything else when the cards are asked for again."""
    driver = driven(session, 200, 50)
    assert driver.line(-2).startswith(" ▲ 1 critical · 1 warning   ")             # nobody has asked for cards
    for command in (None, alerts.Acknowledge()):
        if command:
            session.do(command)
        cards = session.ask(Insights()).cards
        counted = {severity: sum(card.severity == severity for card in cards) for severity in ("critical", "warning")}
        told = {sign.severity: sign for sign in session.health().signs}
        assert counted["warning"] > 1 and told["warning"].text == f"{counted['warning']} warnings"
        assert ("error" in told) == bool(counted["critical"]) == (command is None)
        assert next(iter(told.values())).more == cards[0].title
        shown = driven(session, 200, 50)
        digit = shown.canvas.style_at(0, shown.line(0).index("9 Insight"))
        assert digit == chrome.SIGNED["warning" if command else "error"]


def test_nothing_where_there_is_none(session: Replayed) -> None:
    session.do(alerts.Acknowledge())
    assert session.health().signs == ()
    assert driven(session).line(-2).startswith(" 1,002 packets")


def test_numbers_are_kept_and_those_that_grew_counted_anew(session: Replayed, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = (Sign("1 critical", "error"), Sign("1 warning", "warning"))
    assert session.health().signs == expected
    looked: list[object] = []
    monkeypatch.setattr(alerts.AlertMarks, "is_muted", lambda marks, alert: bool(looked.append(alert)))
    assert session.health().signs == expected and looked == []
    session.get(alerts.AlertMarks)._counted[0] = (1, "critical")
    session.health()
    assert len(looked) == 1


def test_enter_shows_all_of_an_alert_and_leaves_the_place(session: Replayed) -> None:
    driver = at(driven(session, 80, 30, tab="timeline"), "SYN flood")
    place = driver.selected_line()
    screen = " ".join(driver.keys("enter").screen().replace("│", " ").split())
    for told in ("198.51.100.20 port 443 was sent 800 SYNs that no connection came of, at most 800 within 10 s",
                 "Severity critical", "Seen 800 times", "First 2023-11-14T22:13:20", "Last 2023-11-14T22:13:23",
                 "syns_at_most 800", "sources_first 192.0.2.10", "Flows 1, 3, 4", "Frames 1, 4, 5",
                 "syn_flood Tell of SYN floods"):
        assert told in screen
    driver.step()
    driver.keys("esc").step()
    assert driver.selected_line() == place
    driver.keys("enter", "right")
    assert driver.state.tab == "connections" and driver.state.snapshot.total == 8
    driver.keys("backspace")
    assert driver.state.tab == "timeline" and driver.selected_line() == place
    driver.keys("right")
    assert driver.state.tab == "connections" and driver.state.snapshot.total == 1


def test_a_small_screen_is_scrolled(session: Replayed) -> None:
    driver = at(driven(session, 60, 16, tab="timeline"), "SYN fl").keys("enter")
    assert "SYN flood" in driver.screen() and "Frames" not in driver.screen()
    assert "Frames" in driver.keys("end").screen()
    assert "SYN flood" in driver.keys("home").screen()
    assert "Severity" not in driver.keys("pgdn").screen()


@pytest.mark.parametrize("keys", [(), ("enter",)])
def test_the_selected_alert_is_acknowledged(session: Replayed, keys: tuple[str, ...]) -> None:
    driver = at(driven(session, 160, 40, tab="timeline"), "SYN flood").keys(*keys, "a")
    assert driver.line(-2).startswith(" ▲ 1 warning   The alert is acknowledged")
    assert len(load()[ACK]) == 1
    assert [(entry.severity, entry.text[:3]) for entry in session.ask(Timeline()).events if entry.alert] == \
        [("info", "SYN"), ("warning", "TCP")]
    at(driver, "SYN flood").keys("a")
    assert driver.line(-2).startswith(" ▲ 1 critical · 1 warning   The alert is not")
    assert load()[ACK] == {}


@pytest.mark.parametrize("keys", [(), ("enter",)])
def test_the_selected_alert_is_muted(session: Replayed, keys: tuple[str, ...]) -> None:
    driver = at(driven(session, 160, 40, tab="timeline"), "TCP scan").keys(*keys, "m")
    said = "Alerts of port_scan from 192.0.2.10 to 198.51.100.20 are muted"
    assert driver.line(-2).startswith(f" ▲ 1 critical   {said}")
    assert list(load()[MUTE]) == ["port_scan 192.0.2.10 198.51.100.20"]
    assert "TCP scan" not in driver.screen()


def test_what_is_no_alert_says_so(session: Replayed) -> None:
    driver = driven(session, tab="timeline")
    assert "That is not an alert" in driver.keys("a").screen()
    assert "That is not an alert" in driver.keys("m").screen()
    for command in (alerts.AcknowledgeOne(9), alerts.MuteOne(9), alerts.AcknowledgeOne(0), alerts.MuteOne(-1)):
        assert session.do(command) == "That alert is no longer there"
    assert session.ask(alerts.OneAlert(9)) is None


def test_insights_have_cards_of_them_above_the_others(session: Replayed) -> None:
    cards = session.ask(Insights()).cards
    assert [(card.severity, card.title) for card in cards if card.alert] == \
        [("critical", "SYN flood"), ("warning", "TCP scan of ports")]
    assert cards[0].alert and cards[1].alert and len(cards) > 2
    driver = driven(session, tab="insights").keys("right")
    assert driver.state.tab == "connections" and driver.state.snapshot.total == 8
    session.do(alerts.Acknowledge())
    assert not any(card.alert for card in session.ask(Insights()).cards)


def test_the_recorder_says_that_it_keeps_and_what_it_kept(session: Replayed, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = session.get(Recorder)
    assert recorder.signs() == ()
    monkeypatch.setattr(recorder, "_window", object())
    assert [sign.text for sign in recorder.signs()] == ["REC"]
    monkeypatch.setattr(recorder, "_incidents", 2)
    assert driven(session).line(-2).startswith(" ▲ 1 critical · 1 warning · REC · 2 FROZEN")
    monkeypatch.setattr(recorder, "_window", None)
