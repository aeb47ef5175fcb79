"""What the history has room for: all flows that end at once, what is said of those that are not kept, a file in use."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_files import ROOT
from made_captures import capture, udp
from test_recorder import watched

from netwatch.capture.file import open_savefile
from netwatch.history import moments, store
from netwatch.history.database import Base
from netwatch.model.contract import Purpose
from netwatch.run.session import Session
from netwatch.store.settings import Settings, parse_settings

TOUR = ROOT / "docs" / "tour.pcap"
ON = "history.on=true"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "netwatch"


def open_flows(tmp_path: Path, count: int) -> Path:
    path = tmp_path / "open.pcap"
    path.write_bytes(capture([udp("10.0.0.1", 1024 + k % 50_000, f"10.0.{k // 50_000}.2", 9, b"x")
                              for k in range(count)]))
    return path


def test_more_flows_than_one_piece_holds_end_at_once(state: Path, tmp_path: Path):
    """All that are open are over in the end, and in one step after a pause."""
    path = open_flows(tmp_path, 9000)
    said: list[str] = []
    session = Session(Purpose(live=True, label="x"), lambda: open_savefile(str(path)),
                      settings=parse_settings([ON, "history.memory_mb=0", "history.moments_mb=0"], Settings({})))
    session.listener = lambda severity, text: said.append(text)
    session.start()
    while not session.health().done:
        time.sleep(0.02)
    with session.lock:
        session.pipeline.finish()
    session.stop()
    assert sorted(row["sport"] for row in store.records(0, 1 << 62)) == list(range(1024, 10_024)) and not said
    base = sqlite3.connect(store.path())
    assert max(count for count, in base.execute("SELECT count FROM flows")) <= 4096
    base.close()


def test_what_found_no_room_is_said(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netwatch.addons.history.MOST", 100)
    said: list[str] = []
    session = watched(open_flows(tmp_path, 150), ON)
    session.listener = lambda severity, text: said.append(text)
    session.stop()
    assert len(list(store.records(0, 1 << 62))) == 100
    assert said == ["50 flows are not in the history: they found no room, or no time at the end"]


def test_a_history_that_is_locked_is_tried_again(state: Path, monkeypatch: pytest.MonkeyPatch):
    """Not only one that another version has open; and it is said which of both is not kept."""
    monkeypatch.setattr("netwatch.addons.history.AGAIN_S", 0.0)
    monkeypatch.setattr("netwatch.history.database.BUSY_MS", 0)
    for which in (store, moments):
        Base(which.path(), which.SCHEMA).close()
    for which, words in ((store, "no history is kept"), (moments, "flows are kept, but no moments of the table")):
        said: list[str] = []
        session = Session(Purpose(live=True, label="x"), lambda: open_savefile(str(TOUR)),
                          settings=parse_settings([ON], Settings({})))
        session.listener = lambda severity, text, said=said: said.append(text)
        lock = sqlite3.connect(which.path(), isolation_level=None, check_same_thread=False)
        lock.execute("BEGIN IMMEDIATE")
        session.start()
        while not session.health().done:
            time.sleep(0.02)
        assert said == [f"{words}: {which.path()}: database is locked"]
        lock.execute("ROLLBACK")
        lock.close()
        with session.lock:
            session.pipeline.end()
        session.stop()
        assert said[1:] == [] and store.span().flows
    base = sqlite3.connect(moments.path())
    assert base.execute("SELECT count(*) FROM runs WHERE NOT open").fetchone() == (2,)
    base.close()
