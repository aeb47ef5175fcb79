"""Each capture of this folder gives the records that lie beside it, to the byte. NETWATCH_GOLDEN=1 rewrites them.

A changed golden file is a changed product: look at the difference before it is committed.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from golden_file import same_records
from make_captures import BUILT, build

from netwatch.cli import run

HERE = Path(__file__).resolve().parent
CAPTURES = sorted(HERE.glob("*.pcap"))
WORDS = ["--what", "packets,flows,dns,http,tls,streams,summary", "--format", "ndjson"]


def told(capsys: pytest.CaptureFixture[str], name: str, *more: str) -> str:
    assert run(["read", name, *WORDS, *more]) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
@pytest.mark.same
def test_records(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(HERE)
    same_records(path, partial(told, capsys))


@pytest.mark.same
def test_the_built_captures_are_what_their_builders_make(tmp_path: Path):
    build(tmp_path)
    for name in BUILT:
        assert (tmp_path / f"{name}.pcap").read_bytes() == (HERE / f"{name}.pcap").read_bytes(), name


def test_every_capture_is_small_and_has_its_records():
    assert len(CAPTURES) >= 12
    for path in CAPTURES:
        assert path.stat().st_size < 20_000 and path.with_suffix(".ndjson").exists()
