"""The same capture gives the same history and the same difference, byte for byte, on every run."""

from __future__ import annotations

import json
import sqlite3
import struct
from pathlib import Path

import pytest
from evidence_files import ROOT
from netwatch_command import Run
from test_moments import long_capture, watched

from tests.engine.wire import START, eth, ip4, pcap, udp

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


def tagged() -> bytes:
    """Frames within every number of VLAN tags, labels and tunnels, so that each lies where another has lain."""
    frames, inner = [], eth(ip4(17, udp(40000, 53, b"x" * 40)))
    for vlans in range(4):
        for tunnels in range(3):
            for labels in range(3):
                frame = inner
                for tunnel in range(tunnels):
                    frame = eth(ip4(17, udp(50000, 4789, struct.pack(">II", 0x08000000, tunnel + 7 << 8) + frame)))
                payload, kind = frame[14:], frame[12:14]
                if labels:
                    payload, kind = b"".join(struct.pack(">I", (16 + at) << 12 | (at == labels - 1) << 8 | 64)
                                             for at in range(labels)) + payload, b"\x88\x47"
                tags = b"".join(b"\x81\x00" + struct.pack(">H", 5 + at) for at in range(vlans))
                frames.append((START + len(frames) * 10**9, frame[:12] + tags + kind + payload))
    return pcap(frames)


def test_surroundings_have_nothing_of_what_lay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unused tags, labels and tunnels are zeros: alike wherever the parser's memory is, and nobody's addresses."""
    path = tmp_path / "tagged.pcap"
    path.write_bytes(tagged())
    found = [left(path, tmp_path / turn, monkeypatch) for turn in "abc"]
    assert found[0] == found[1] == found[2]
    around = {row[11] for table, row in found[0] if table == "pieces" and row[11] is not None}
    last = max(around, key=len)
    assert len(around) > 20 and last.count(0) > len(last) * 0.8, last.count(0) / len(last)


@pytest.mark.parametrize("style", ["json", "markdown", "table"])
@pytest.mark.same
def test_the_same_difference(netwatch: Run, style: str) -> None:
    words = "diff", CAPTURES / "http.pcap", CAPTURES / "https2.pcap", "--format", style
    first = netwatch(*words).stdout
    assert first and netwatch(*words).stdout == first
    assert style != "json" or json.loads(first)
