"""Alerts are acknowledged and muted by commands of the palette, which is remembered; the Timeline shows them so."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import scans
from netwatch_command import ENVIRONMENT, Run
from running import open_bytes
from wire import pcap

from netwatch.addons import alerts
from netwatch.addons.timeline import Entry, Timeline
from netwatch.detect.acknowledged import ACK, FINDING, MUTE, load
from netwatch.model.contract import Purpose
from netwatch.run.session import Session

KEPT = (ACK, MUTE, FINDING)


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "netwatch" / "alerts"


@contextmanager
def watched() -> Iterator[Session]:
    """A port scan and a flood, read to the end."""
    frames = scans.a_syn_scan_of_a_hundred_ports() + scans.a_flood_from_one_address_that_is_answered()
    session = Session(Purpose(label="made"), lambda: open_bytes(pcap(sorted(frames))))
    session.start()
    until = time.monotonic() + 20
    while not session.health().done and time.monotonic() < until:
        time.sleep(0.01)
    yield session
    session.stop()


def shown(session: Session) -> list[Entry]:
    return [entry for entry in session.ask(Timeline()).events if entry.category == "alert"]


def test_acknowledged_is_remembered(state: Path) -> None:
    with watched() as session:
        before = shown(session)
        assert before and all(entry.severity != "info" for entry in before)
        assert session.do(alerts.Acknowledge()).startswith(f"{len(before)} alert")
        assert session.do(alerts.Acknowledge()) == "There is no alert to acknowledge"
        after = shown(session)
    with watched() as again:
        assert shown(again) == after
    assert [entry.text for entry in after] == [f"{entry.text} (acknowledged)" for entry in before]
    assert {entry.severity for entry in after} == {"info"}
    assert all(line.startswith("ack ") for line in state.read_text().splitlines())


def test_muted_until_it_is_lifted() -> None:
    with watched() as session:
        before = shown(session)
        assert "are muted" in session.do(alerts.MuteNewest())
        assert len(shown(session)) < len(before)
    with watched() as again:
        assert len(shown(again)) < len(before)
        for _ in before:
            again.do(alerts.MuteNewest())
        assert shown(again) == [] and again.do(alerts.MuteNewest()) == "There is no alert to mute"
        assert "lifted" in again.do(alerts.Unmute()) and shown(again) == before
        assert again.do(alerts.Unmute()) == "Nothing is muted"
    assert load()[MUTE] == {}


def test_they_are_offered() -> None:
    with watched() as session:
        offered = {type(offer.command) for offer in session.offers}
    assert {alerts.Acknowledge, alerts.MuteNewest, alerts.Unmute} <= offered


@pytest.mark.parametrize("content", [b"\xff\xfe", b"ack\nmute \nack \x1b[2J\nfoo bar\n", b"ack x" * 400_000])
def test_a_file_that_is_none_keeps_nothing(state: Path, content: bytes) -> None:
    state.parent.mkdir()
    state.write_bytes(content)
    assert load() == {word: {} for word in KEPT}
    with watched() as session:
        assert shown(session)


def test_a_file_that_cannot_be_written(state: Path) -> None:
    state.parent.write_text("in the way")
    with watched() as session:
        assert "until netwatch ends" in session.do(alerts.Acknowledge())
        assert all("(acknowledged)" in entry.text for entry in shown(session))


def test_the_newest_are_kept(state: Path) -> None:
    marks = alerts.AlertMarks()
    marks.change(lambda kept: kept[ACK].update(dict.fromkeys(map(str, range(alerts.MOST + 9)))))
    assert list(load()[ACK]) == [str(i) for i in range(9, alerts.MOST + 9)]


def test_records_say_so(netwatch: Run, tmp_path: Path) -> None:
    """Of alerts that are marked; those of others are as ever."""
    capture = tmp_path / "a.pcap"
    capture.write_bytes(pcap(sorted(scans.a_syn_scan_of_a_hundred_ports()
                                    + scans.a_flood_from_one_address_that_is_answered())))

    environment = {**ENVIRONMENT, "XDG_STATE_HOME": str(tmp_path)}

    def told() -> list[dict[str, object]]:
        done = netwatch("read", capture, "--what", "alerts", env=environment)
        return [json.loads(line) for line in done.stdout.splitlines()]

    before = told()
    assert len(before) > 1 and not any("ack" in each or "mute" in each for each in before)
    with watched() as session:
        until = time.monotonic() + 20
        while len(shown(session)) < len(before) and time.monotonic() < until:
            time.sleep(0.01)
        session.do(alerts.Acknowledge())
        session.do(alerts.MuteNewest())
    after = told()
    assert all(each.pop("ack") is True for each in after)
    assert [each.pop("mute", False) for each in after].count(True) == 1
    assert after == before
