"""What is kept on disk for going back in time: a byte that is not what it was changes no answer in silence."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_moments import long_capture
from test_moments_on_disk import kept

from netwatch._fast.out.record import iso
from netwatch.cli import history
from netwatch.cli.errors import EXIT_DAMAGED, CommandError
from netwatch.history import moments, store
from netwatch.model.record import Record
from netwatch.store.settings import Settings

FLIPS = 150


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "netwatch"


def settled(path: Path) -> bytes:
    """All of a database, in one file."""
    base = sqlite3.connect(path)
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.execute("PRAGMA journal_mode = DELETE")
    base.close()
    return path.read_bytes()


@pytest.mark.parametrize("which", ["moments", "flows"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_flipped_bit_is_told_or_changes_nothing(tmp_path: Path, which: str, seed: int,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    capture = tmp_path / "small.pcap"
    capture.write_bytes(long_capture(100, 40))
    times = sorted(kept(capture))
    path = moments.path() if which == "moments" else store.path()
    whole = settled(path)
    asked = [iso(times[n]) for n in (3, 60, 99)] if which == "moments" else \
        ["", f"{iso(times[5])}..{iso(times[50])}"]

    def answers() -> tuple[list[list[Record]], str]:
        capsys.readouterr()
        found = [list(history.records(text, Settings({}))) for text in asked]
        return found, capsys.readouterr().err

    there, chance, told = answers(), random.Random(seed), 0
    for _ in range(FLIPS):
        place = chance.randrange(len(whole))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1:])
        for suffix in ("-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                Path(f"{path}{suffix}").unlink()
        try:
            assert answers() == there, place
        except CommandError as e:
            told += 1
            assert e.code == EXIT_DAMAGED and path.name in str(e)
    assert told > FLIPS // 8
