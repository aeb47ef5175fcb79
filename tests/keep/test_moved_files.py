"""Files of a ring that somebody moves or removes: what was in them is not lost, and is counted by itself."""
from __future__ import annotations

from pathlib import Path

import pytest
from netwatch_command import ROOT

from netwatch.capture.file import open_savefile
from netwatch.recorder.rotation import Rotation


def test_what_somebody_removes_was_not_kept(tmp_path: Path):
    source, said = open_savefile(str(ROOT / "docs" / "tour.pcap")), []
    source.batch()
    rotation = Rotation(tmp_path, 5, 1, source, said.append)
    for _ in range(3):
        assert rotation.put(lambda writer: writer.write(b"x" * 60, 1, 60, 0) or 1, 10**18, 10**18) == 1
    rotation.finish()
    next(iter(sorted(tmp_path.iterdir()))).unlink()
    assert rotation.told(3) == (f"2 of 3 packets in 2 files in {tmp_path}, 1 packets in 1 files that somebody moved or "
                                "removed")
    assert (rotation.lost, rotation.moved, said) == (0, 1, [])


@pytest.mark.parametrize("away", ["moved", "removed", "another folder"])
def test_an_open_file_that_somebody_moves_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: str):
    """What is written by then is in it, wherever it is; what follows begins another."""
    monkeypatch.setattr("netwatch.recorder.rotation.RETRY_S", 0.0)
    source, said = open_savefile(str(ROOT / "docs" / "tour.pcap")), []
    source.batch()
    folder = tmp_path / "ring"
    folder.mkdir()
    rotation = Rotation(folder, 5, 1 << 20, source, said.append)

    def put() -> int | None:
        return rotation.put(lambda writer: writer.write(b"x" * 60, 1, 60, 0) or 1, 10**18, 10**18)

    assert put() == put() == 1
    path = next(folder.iterdir())
    if away == "removed":
        path.unlink()
    elif away == "moved":
        path.rename(tmp_path / "mine.pcapng")
    else:
        folder.rename(tmp_path / "elsewhere")
        folder.mkdir()
    rotation.flush()
    assert (rotation.lost, rotation.moved, rotation.moved_files, len(said)) == (0, 2, 1, 1)
    assert put() == 1
    rotation.finish()
    assert rotation.told(3).startswith(f"1 of 3 packets in 1 files in {folder}, 2 packets in 1 files that somebody")
    for moved in [*tmp_path.glob("*.pcapng"), *tmp_path.glob("elsewhere/*")]:
        again = open_savefile(str(moved))
        again.batch()
        assert again.stats()["received"] == 2
