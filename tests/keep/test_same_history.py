"""The same capture gives the same history and the same difference, byte for byte, on every run."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from evidence_files import ROOT
from netwatch_command import Run
from test_moments import long_capture, watched

CAPTURES = ROOT / "tests" / "captures"


def left(path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What a run on the capture leaves on disk."""
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    with watched(path, lambda session, at: None, True, **{"history.on": True, "timeouts.udp": 5}):
        pass
    found: list[object] = []
    for name in ("history", "moments"):
        base = sqlite3.connect(state / "netwatch" / f"{name}.sqlite")
        tables = [table for table, in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        found += [(table, row) for table in tables for row in base.execute(f"SELECT * FROM {table} ORDER BY 1")]
        base.close()
    return found


@pytest.mark.same
def test_the_same_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.pcap"
    path.write_bytes(long_capture(40, 60))
    for capture in (path, CAPTURES / "https2.pcap"):
        first, again = (left(capture, tmp_path / f"{capture.stem}-{turn}", monkeypatch) for turn in "ab")
        assert len(first) > 2 and first == again


@pytest.mark.parametrize("style", ["json", "markdown", "table"])
@pytest.mark.same
def test_the_same_difference(netwatch: Run, style: str) -> None:
    words = "diff", CAPTURES / "http.pcap", CAPTURES / "https2.pcap", "--format", style
    first = netwatch(*words).stdout
    assert first and netwatch(*words).stdout == first
    assert style != "json" or json.loads(first)
