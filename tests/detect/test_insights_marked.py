"""In Insights an alert is acknowledged and muted, and a finding is muted, by a key; both are remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import scans
from netwatch_command import ENVIRONMENT, Run
from scans import ME, YOU
from situation import syn
from wire import pcap

from netwatch.addons import alerts
from netwatch.addons.insights import Card, Insights
from netwatch.detect.acknowledged import ACK, FINDING, MUTE, load
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = tmp_path / "made.pcap"
    made.write_bytes(pcap(sorted(scans.a_syn_scan_of_a_hundred_ports()
                                 + scans.a_flood_from_one_address_that_is_answered())))
    return made


def cards(session: Replayed) -> tuple[Card, ...]:
    found: tuple[Card, ...] = session.ask(Insights()).cards
    return found


def chosen(session: Replayed, title: str) -> Driver:
    """The card of that title selected."""
    driver = Driver(session, 160, 40, tab="insights", do=lambda command: done(driver, command))
    for _ in cards(session):
        if title in driver.selected_line():
            return driver
        driver.keys("j")
    raise AssertionError(driver.screen())


def done(driver: Driver, command: object) -> None:
    driver.state.message = driver.session.do(command)
    driver.poller._told_at = ()
    driver.step()


def test_an_alert_by_a_key(made: Path) -> None:
    session = Replayed(str(made), label="made.pcap", asked=False)
    driver = chosen(session, "SYN flood").keys("a")
    assert "The alert is acknowledged" in driver.line(-2) and len(load()[ACK]) == 1
    assert "SYN flood" not in driver.screen()
    driver = chosen(session, "TCP scan").keys("m")
    assert list(load()[MUTE]) == ["port_scan 192.0.2.10 198.51.100.20"] and "TCP scan" not in driver.screen()
    session.stop()


def test_a_finding_by_a_key_and_across_a_restart(made: Path) -> None:
    session = Replayed(str(made), label="made.pcap", asked=False)
    finding = next(card for card in cards(session) if card.finding)
    driver = chosen(session, finding.title).keys("a")
    assert "That is not an alert: m mutes it" in driver.line(-2) and load()[ACK] == {}
    driver.keys("m")
    assert "are muted" in driver.line(-2) and list(load()[FINDING]) == [finding.finding]
    assert finding.finding not in {card.finding for card in cards(session)}
    session.stop()
    again = Replayed(str(made), label="made.pcap", asked=False)
    assert finding.finding not in {card.finding for card in cards(again)}
    assert again.do(alerts.Unmute()) == "1 mute is lifted" and load()[FINDING] == {}
    assert finding.finding in {card.finding for card in cards(again)}
    again.stop()


def test_a_finding_of_another_port_is_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That one port refuses is known: of another of the same host it is news, and has its card. What was muted without
    a port, by an earlier version, still holds for all of them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = tmp_path / "refused.pcap"
    path.write_bytes(pcap(sorted(frame for dport in (9, 5432) for i in range(4)
                                 for frame in syn(i, ME, YOU, 50000 + dport + i, dport, "rst"))))

    def shown() -> set[str]:
        return {card.finding for card in cards(session) if card.finding}
    session = Replayed(str(path), label="made.pcap", asked=False)
    assert shown() == {f"refused - {YOU} 9", f"refused - {YOU} 5432"}
    assert session.do(alerts.MuteFinding(f"refused - {YOU} 9")) == f"Findings of refused of {YOU}, port 9, are muted"
    assert shown() == {f"refused - {YOU} 5432"}
    session.do(alerts.Unmute())
    session.get(alerts.AlertMarks).change(lambda kept: kept[FINDING].update({f"refused - {YOU}": None}))
    assert shown() == set()
    session.stop()
    session = Replayed(str(path), label="made.pcap", asked=False)
    assert shown() == set()
    session.stop()


def test_a_card_of_counts_cannot_be_muted(made: Path) -> None:
    session = Replayed(str(made), label="made.pcap", asked=False)
    counted = next(card for card in cards(session) if not card.alert and not card.finding)
    assert "neither an alert nor a finding" in chosen(session, counted.title).keys("m").line(-2)
    assert load() == {ACK: {}, MUTE: {}, FINDING: {}}
    session.stop()


def test_a_record_says_that_it_is_muted(made: Path, tmp_path: Path, netwatch: Run) -> None:
    """As `diagnose.mute` does it."""
    session = Replayed(str(made), label="made.pcap", asked=False)
    finding = next(card for card in cards(session) if card.finding)
    session.do(alerts.MuteFinding(finding.finding))
    session.stop()
    told = netwatch("read", made, "--what", "findings", "--format", "ndjson",
                    env=ENVIRONMENT | {"XDG_STATE_HOME": str(tmp_path)})
    muted = [record["kind"] for record in map(json.loads, told.stdout.splitlines()) if record.get("mute")]
    assert muted == [finding.finding.split()[0]]
