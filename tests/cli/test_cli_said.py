"""What is refused says what there is instead, in the words that were typed, with the exit code for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from netwatch_command import Run

TOUR = Path(__file__).parents[2] / "docs" / "tour.pcap"


@pytest.mark.parametrize(("words", "code", "said"), [
    (["read", TOUR, "--follow", "3"], 4, "it is udp; what is followed is TCP"),
    (["export", "--har", "-", TOUR], 2, "--har -: an archive goes into a file"),
    (["export", "--objects", "-", TOUR], 2, "--objects -: bodies go into a folder"),
    (["stats", "conversations", TOUR, "--type", "tcp,frob"], 2, "--type frob: no such protocol; there are tcp, udp"),
    (["read", TOUR, "-w", "tcp"], 2, "a filter goes with -Y"),
    (["egress", "lint", TOUR, "--policy", "none.toml"], 4, "`netwatch egress promote FILE` makes"),
    (["config", "check", "--config", "none.toml"], 4, "`netwatch config init` writes"),
    (["--theme", "nosuch"], 2, "--theme nosuch: one of dark, "),
    (["--tab", "nosuch"], 2, "--tab nosuch: one of dashboard, "),
    (["assert", "tcp", TOUR, "--duration", "3s"], 2, "did you mean --for?"),
    (["read", TOUR, "--feilds", "id"], 2, "did you mean --fields?"),
    (["read", TOUR, "--what", "nosuch"], 2, "events, alerts, findings"),
])
def test_what_is_there_instead(netwatch: Run, tmp_path: Path, words: list[str], code: int, said: str) -> None:
    done = netwatch(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr and len(done.stderr.splitlines()) <= 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["read", TOUR, "--bogus"], ["record", "--dir", "x"]])
def test_what_is_like_no_option_has_no_nearest(netwatch: Run, words: list[str]) -> None:
    done = netwatch(*words)
    assert done.returncode == 2 and "no such option\n" in done.stderr


@pytest.mark.parametrize("words", [["open"], ["bundle", "verify"], ["bundle", "info"]])
def test_what_is_no_bundle(netwatch: Run, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    for path, code, said in ((TOUR, 2, f"this is a capture, no bundle: netwatch -r {TOUR}"),
                             ("empty", 5, "no bundle, which is"), ("folder", 4, "no bundle, which is"),
                             ("none", 4, "none: no such file")):
        done = netwatch(*words, path)
        assert (done.returncode, done.stdout) == (code, "") and said in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("words", [["export", "--har", "shut/x.har", TOUR], ["export", "--objects", "shut/x", TOUR],
                                   ["bundle", "make", TOUR, "shut/x"]])
def test_no_right_to_write_is_3(netwatch: Run, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    assert netwatch(*words).returncode == 3
