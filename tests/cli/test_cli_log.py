"""`read --log-file`: what is said goes into a file too, of which the user says how much."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from netwatch_command import ROOT, Run
from netwatch_terminal import Terminal

TOUR = ROOT / "docs" / "tour.pcap"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} (ERROR|WARNING|INFO) .+")


@pytest.mark.parametrize(("level", "severities"), [
    ([], {"WARNING"}), (["--log-level", "info"], {"WARNING", "INFO"}), (["--log-level", "error"], set())])
@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_what_is_said_is_logged(netwatch: Run, tmp_path: Path, level: list[str], severities: set[str],
                                quiet: list[str]) -> None:
    (tmp_path / "no.keys").write_text("this is no key\n")
    log = tmp_path / "it.log"
    words = ["read", TOUR, "--keylog", tmp_path / "no.keys", *quiet]
    logged = netwatch(*words, "--log-file", log, *level)
    plain = netwatch(*words)
    assert (logged.stdout, logged.stderr, logged.returncode) == (plain.stdout, plain.stderr, plain.returncode)
    lines = log.read_text().splitlines()
    assert {found[1] for line in lines if (found := LINE.fullmatch(line))} == severities
    assert all(map(LINE.fullmatch, lines))
    assert ("1 lines are no keys" in log.read_text()) == ("WARNING" in severities)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    netwatch(*words, "--log-file", log, *level)
    assert len(log.read_text().splitlines()) == 2 * len(lines)  # it is appended to


def test_errors_are_logged(netwatch: Run, tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    assert netwatch("read", "no\x1b[31m.pcap", "--log-file", log).returncode == 4
    (line,) = log.read_text().splitlines()
    assert " ERROR " in line and "no such file" in line and "\x1b" not in line


def test_what_cannot_be_logged_to(netwatch: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy.pcap"
    copy.write_bytes(TOUR.read_bytes())
    for words, code, said in ((["--log-file", copy], 2, "that is what is read"),
                              (["--log-file", "-"], 2, "name a file"),
                              (["--log-file", tmp_path / "no" / "it.log"], 4, "No such file"),
                              (["--log-level", "info"], 2, "goes with --log-file"),
                              (["--log-file", tmp_path / "a", "--log-level", "loud"], 2, "invalid choice")):
        done = netwatch("read", copy, *words)
        assert (done.returncode, done.stdout) == (code, "")
        assert said in done.stderr
    assert copy.read_bytes() == TOUR.read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_no_log_where_every_user_may_exchange_it(netwatch: Run, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    for mode, code in ((0o777, 3), (0o1777, 0), (0o755, 0)):
        (tmp_path / "open").chmod(mode)
        done = netwatch("read", TOUR, "--log-file", tmp_path / "open" / "it.log")
        assert done.returncode == code, done.stderr
        assert code == 0 or "every user may exchange files" in done.stderr
        assert (tmp_path / "open" / "it.log").exists() == (code == 0)
        (tmp_path / "open" / "it.log").unlink(missing_ok=True)


@pytest.mark.parametrize("level", [[], ["--log-level", "info"]])
def test_the_terminal_logs_too(tmp_path: Path, level: list[str]) -> None:
    """What is said while the screen is drawn stands in the log, behind the jail as well."""
    (tmp_path / "cut.pcap").write_bytes(TOUR.read_bytes()[:-7])
    with Terminal("-r", "cut.pcap", "--log-file", "it.log", *level, folder=tmp_path) as terminal:
        terminal.read(20, b"192.0.2.10")
        terminal.send("q")
        terminal.read(3)
        terminal.send("y")
        assert terminal.process.wait(20) in (0, 5)
    text = (tmp_path / "it.log").read_text()
    assert all(map(LINE.fullmatch, text.splitlines()))
    assert ("begun by process" in text) == bool(level)
    assert "cut short" in text
