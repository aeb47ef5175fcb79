"""A quota that is passed raises an alert: once a period, of the ledger and of what the session sees."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from test_quotas import moved
from wire import eth, ip4, pcap, udp

from netwatch.addons.alerts import AcknowledgeOne, AlertMarks, MuteOne, OneAlert
from netwatch.addons.timeline import Timeline
from netwatch.capture.file import open_savefile
from netwatch.detect.addon import Detect
from netwatch.detect.quota import Quotas
from netwatch.egress import flows, ledger
from netwatch.egress.moved import Moved
from netwatch.egress.quotas import parsed
from netwatch.model.contract import Purpose
from netwatch.records.reading import Order, Reading
from netwatch.records.selection import Selection
from netwatch.run.session import Session
from netwatch.store.settings import Settings, parse_settings

HOST, OTHER = "192.168.7.9", "192.168.7.10"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def traffic(tmp_path: Path, octets: int = 4000) -> Path:
    """The host moves so much just now, in datagrams of 1,000 bytes and what is around them."""
    path, now = tmp_path / "now.pcap", time.time_ns() - 5_000_000_000
    frames = [eth(ip4(17, udp(5000 + k, 9, bytes(1000)), src=HOST, dst="203.0.113.5")) for k in range(octets // 1000)]
    frames.append(eth(ip4(17, udp(5, 9, b"x"), src=OTHER, dst="203.0.113.5")))
    path.write_bytes(pcap((now + k * 1_000_000, frame) for k, frame in enumerate(frames)))
    return path


def session_of(path: Path, quotas: str, *more: str) -> Session:
    """A live one that has seen all of it."""
    session = Session(Purpose(live=True, label="x"), lambda: open_savefile(str(path)),
                      settings=parse_settings([f"egress.quotas={quotas}", *more], Settings({})))
    session.start()
    while not session.health().done:
        time.sleep(0.02)
    with session.lock:
        session.pipeline.finish()
    return session


def told(session: Session) -> list[dict[str, object]]:
    return [alert.body() for alert in session.get(Detect).alerts if alert.detector.name == "quota"]


def test_it_is_told_once_a_period_and_not_again_after_a_restart(tmp_path: Path) -> None:
    path, quotas = traffic(tmp_path), f"{HOST}=2KB/day, {HOST}=1GB/month, {OTHER}=1KB/day, *=3KB/month"
    session = session_of(path, quotas)
    first, second = told(session)
    assert (first["program"], first["title"]) == (HOST, "Quota of 2,000 bytes a day passed")
    assert (second["program"], second["title"]) == ("*", "Quota of 3,000 bytes a month passed")
    assert first["evidence"]["used_bytes"] == 4 * 1042 and first["evidence"]["limit_bytes"] == 2000
    assert first["severity"] == "warning" and len(first["flows"]) == 4
    assert first["first"].endswith("T00:00:00.000000000Z")
    assert sum(each.category == "alert" for each in session.ask(Timeline()).events) == 2
    with session.lock:
        assert session.get(AlertMarks).unseen_counts() == (0, 2)
    session.stop()
    session = session_of(path, quotas)
    assert told(session) == []
    session.stop()


def test_it_is_acknowledged_and_muted_by_its_program(tmp_path: Path) -> None:
    session = session_of(traffic(tmp_path), f"{HOST}=2KB/day, *=2KB/day")
    assert len(told(session)) == 2
    session.do(AcknowledgeOne(1))
    assert f"from {HOST} to -" in session.do(MuteOne(1))
    one, other = session.ask(OneAlert(1)), session.ask(OneAlert(2))
    assert one.acknowledged and one.muted and not other.acknowledged and not other.muted
    session.stop()


@pytest.mark.parametrize("off", ["detect.quota.on=false", "detect.on=false", "egress.keep_days=3"])
def test_it_goes_with_the_ledger_and_can_be_switched_off(tmp_path: Path, off: str) -> None:
    """What was kept counts, though next to nothing is seen now."""
    today = datetime.now(UTC).date()
    for day in (today, today + timedelta(days=1)):  # midnight may pass while this runs
        ledger.add(ledger.where(), moved(OTHER, day, 600), 90)
    session = session_of(traffic(tmp_path), f"{OTHER}=1KB/day", off)
    assert [each["program"] for each in told(session)] == ([OTHER] if off.startswith("egress") else [])
    session.stop()


def test_days_and_months_end(tmp_path: Path) -> None:
    """What was moved before counts no more, of the ledger neither; a flow counts on the day of its newest packet."""
    path, one = tmp_path / "egress.sqlite", datetime(2026, 3, 30, tzinfo=UTC).date()
    ledger.add(path, moved("curl", one, 500), 90)
    found = Moved(path, parsed("curl=1KB/day, curl=1KB/month, *=1KB/month"), one)

    def flow(day: int, month: int = 3, octets: int = 10) -> dict[str, object]:
        return flow_of(f"2026-{month:02}-{day:02}", octets)

    def used() -> list[int]:
        return [each.used for each in found.held()]

    assert used() == [1000, 1000, 1000]
    found.ended(flow(30))
    found.still_open([flow(30, octets=7)])
    assert used() == [1017, 1017, 1017] and all(each.over for each in found.held())
    found.turn(one + timedelta(days=1))
    found.still_open([flow(30, octets=7)])
    assert used() == [0, 1017, 1017]
    found.still_open([flow(31, octets=7)])
    assert used() == [7, 1017, 1017]
    found.ended(flow(30))  # it was idle over midnight
    found.ended(flow(31) | {"dst": "224.0.0.251"})
    assert used() == [7, 1027, 1027]
    found.turn(one + timedelta(days=2))
    found.still_open([])
    assert used() == [0, 0, 0] and found.flows("curl") == [1]


def flow_of(day: str, octets: int = 10, ident: int = 1) -> dict[str, object]:
    """A flow record of curl."""
    return {"id": ident, "src": HOST, "dst": "203.0.113.5", "proto": "tcp", "bytes_out": octets, "bytes_in": 0,
            "last": f"{day}T10:00:00Z", "process": {"name": "curl"}}


@pytest.mark.parametrize("last", ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"])
@pytest.mark.parametrize("today", ["2026-02-28", "2026-03-01", "2026-03-02"])
def test_an_open_flow_counts_in_the_periods_of_its_newest_packet(tmp_path: Path, last: str, today: str) -> None:
    """As it will once it is over."""
    found = [Moved(tmp_path / "none", parsed("curl=1KB/day, *=1KB/month"), date(2026, 2, 27)) for _ in range(2)]
    for each in found:
        each.turn(date.fromisoformat(today))
    found[0].still_open([flow_of(last, 5000)])
    found[1].ended(flow_of(last, 5000))
    assert [each.used for each in found[0].held()] == [5000 * (last >= today), 5000 * (last[:7] >= today[:7])]
    assert found[0].held() == found[1].held()


@pytest.mark.parametrize("last", ["2026-02-27", "2026-02-28"])
def test_what_is_open_counts_no_more_when_its_period_is_over(tmp_path: Path, last: str) -> None:
    """Before the open flows are looked at again."""
    found = Moved(tmp_path / "none", parsed("curl=1KB/day, *=1KB/month"), date.fromisoformat(last))
    found.still_open([flow_of(last, 5000)])
    found.turn(date.fromisoformat(last) + timedelta(days=1))
    assert [each.used for each in found.held()] == [0, 5000 * (last == "2026-02-27")]


@pytest.mark.parametrize("period", ["day", "month"])
def test_a_quota_that_was_changed_is_told_again(tmp_path: Path, period: str) -> None:
    """As another alert: who acknowledged the first has not seen the second. The first is still remembered."""
    path, seen = traffic(tmp_path, 10_000), set()
    for limit, times in ((2, 1), (5, 1), (50, 0), (3, 1), (2, 0), (5, 0)):
        session = session_of(path, f"{HOST}={limit}KB/{period}")
        alerts = told(session)
        assert len(alerts) == times, limit
        for each in alerts:
            assert each["evidence"]["limit_bytes"] == limit * 1000 and each["id"] not in seen
            assert not session.ask(OneAlert(1)).acknowledged
            session.do(AcknowledgeOne(1))
            seen.add(each["id"])
        session.stop()


def damaged(path: Path) -> None:
    path.write_bytes(b"x" * 5000)


def newer(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        base.execute("PRAGMA user_version = 9")


def linked(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


@pytest.mark.parametrize("spoil", [None, damaged, newer, linked, Path.unlink])
def test_it_is_said_that_the_ledger_cannot_be_read(tmp_path: Path, spoil: Callable[[Path], None] | None) -> None:
    """Once, and what is seen counts. That there is none is no news."""
    ledger.add(ledger.where(), moved(OTHER, datetime.now(UTC).date(), 600), 90)
    if spoil is not None:
        spoil(ledger.where())
    session = session_of(traffic(tmp_path), f"{HOST}=2KB/day, {HOST}=2KB/month")
    said = [each for each in session.ask(Timeline()).events if str(ledger.where()) in str(each)]
    assert len(said) == (spoil not in (None, Path.unlink))
    assert all("quotas count what is seen from now on" in str(each) and "warning" in str(each) for each in said)
    assert len(told(session)) == 2
    session.stop()


def test_a_ledger_that_is_locked_holds_up_nobody(tmp_path: Path) -> None:
    ledger.add(ledger.where(), moved(OTHER, datetime.now(UTC).date(), 600), 90)
    with contextlib.closing(sqlite3.connect(ledger.where(), isolation_level=None)) as base:
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        found = Moved(ledger.where(), parsed("curl=1KB/day, *=1KB/month"), datetime.now(UTC).date())
        assert time.monotonic() - begun < 5  # ten seconds is what others wait
        assert "locked" in found.trouble
        assert [each.used for each in found.held()] == [0, 0]


def looked(session: Session) -> list[int]:
    """What the quotas are at, once a look at all flows that are open is done."""
    with session.lock:
        quotas = next(each for each in session.get(Detect)._looking if isinstance(each, Quotas))
        assert quotas._moved is not None
        quotas._open.due = 0.0
        began = time.monotonic()
        quotas.look(session, over=False)
        while (quotas._open.begun or quotas._ended.pending) and time.monotonic() < began + 30:
            quotas.look(session, over=False)
        return [each.used for each in quotas._moved.held()]


def live(path: Path, *settings: str) -> Session:
    session = Session(Purpose(live=True, label="x"), lambda: open_savefile(str(path)),
                      settings=parse_settings(settings, Settings({})))
    session.start()
    while not session.health().done:
        time.sleep(0.02)
    return session


@pytest.mark.parametrize("at", [0, 50, 100])
def test_the_largest_flows_that_are_open_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Whichever row they have."""
    monkeypatch.setattr(flows, "OPEN", 8)
    path, now = tmp_path / "now.pcap", time.time_ns() - 5_000_000_000
    frames = [eth(ip4(17, udp(1000 + k, 9, b"x"), src=OTHER, dst="203.0.113.1")) for k in range(100)]
    frames[at:at] = [eth(ip4(17, udp(7, 9, bytes([k]) * 1000), src=HOST, dst="203.0.113.5")) for k in range(20)]
    path.write_bytes(pcap((now + k * 1000, frame) for k, frame in enumerate(frames)))
    session = live(path, f"egress.quotas={HOST}=10KB/day")
    assert looked(session) == [20 * 1042]
    assert len(session.get(Detect).alerts) == 1
    session.stop()


def test_flows_are_counted_in_pieces_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though there is time for a few of them only, and they end while those that are open are looked at."""
    session = live(traffic(tmp_path, 400_000), f"egress.quotas={HOST}=1GB/day")
    quotas = next(each for each in session.get(Detect)._looking if isinstance(each, Quotas))
    monkeypatch.setattr(flows, "HELD_S", 0.0005)
    monkeypatch.setattr(flows, "ASK_S", 0.0)
    held, calls = [], []
    real = session.flow_record

    def counted(*of: Any) -> Any:
        calls.append(time.monotonic())
        return real(*of)

    monkeypatch.setattr(session, "flow_record", counted)
    with session.lock:
        assert quotas._moved is not None
        asked = quotas._moved.held
        monkeypatch.setattr(quotas._moved, "held", lambda: held.append(asked()) or held[-1])
        quotas._open.due, quotas._open._steps = 0.0, None
        quotas.look(session, over=False)
        assert quotas._open.begun and len(calls) < 400
        session.engine.finish()
        while quotas._open.begun or quotas._ended.pending:
            calls.clear()
            quotas.look(session, over=False)
            assert len(calls) < 400
        quotas.look(session, over=True)
    used = [each.used for each, in held]
    assert used == sorted(used) and len(used) > 1 and used[-1] == 400 * 1042
    session.stop()


@pytest.mark.parametrize("kinds", [{"alert"}, {"alert", "flows"}, {"summary", "alert"}])
@pytest.mark.parametrize("workers", [1, 2])
def test_all_flows_count_where_records_are_made(tmp_path: Path, workers: int, kinds: set[str]) -> None:
    """Open or over, whichever worker has them, though rows are given back after each step."""
    settings = parse_settings([f"egress.quotas={HOST}=10KB/day"], Settings({}))
    order = Order(frozenset(kinds), settings, live=True, workers=workers)
    pipeline = Reading(order, open_savefile(str(traffic(tmp_path, 400_000))), Selection(None, None, None)).pipeline
    quotas = next(each for each in pipeline.get(Detect)._looking if isinstance(each, Quotas))
    assert quotas._moved is not None
    for _ in pipeline.steps():
        quotas._open.due = 0.0
    quotas.look(pipeline, over=False)
    assert quotas._moved.held()[0].used == 400 * 1042
    pipeline.finish()
    assert quotas._moved.held()[0].used == 400 * 1042
    assert len(pipeline.get(Detect).alerts) == 1 and not quotas._ended.lost
    pipeline.close()


def test_a_frame_of_a_wrong_clock_is_no_new_day(tmp_path: Path) -> None:
    """What comes after it counts as before."""
    path, now = tmp_path / "now.pcap", time.time_ns() - 5_000_000_000
    stray = eth(ip4(17, udp(5, 9, b"x"), src=OTHER, dst="203.0.113.5"))
    frames = [(now + k, eth(ip4(17, udp(5000 + k, 9, bytes(1000)), src=HOST, dst="203.0.113.5"))) for k in range(8)]
    path.write_bytes(pcap([*frames[:4], (now + 40 * 86400 * 10**9, stray), *frames[4:]]))
    session = session_of(path, f"{HOST}=5KB/day, {HOST}=5KB/month")
    today = datetime.fromtimestamp(now // 10**9, UTC).date()
    assert [each["evidence"]["since"] for each in told(session)] == [f"{today}", f"{today.replace(day=1)}"]
    session.stop()
