"""Where nothing comes of a command it says so: always where there was nothing to look at, at a terminal where all of it
was left out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from netwatch_command import ROOT, Run
from netwatch_terminal import said_to_a_terminal

from netwatch.cli import errors, run
from netwatch.cli.progress import Progress
from netwatch.stats.topics import TOPICS

TOUR, DNS = str(ROOT / "docs" / "tour.pcap"), str(ROOT / "tests" / "captures" / "dns.pcap")
NONE = "port == 1"  # passed by nothing of these
READING = [["read"], ["read", "--what", "packets"], ["read", "--what", "findings"], ["read", "--by", "app"],
           ["read", "--bare", "--write", "out.pcapng"], ["read", "--exported"], ["hosts"], ["assert", "bytes < 1"],
           ["diagnose"], ["usage"], ["egress", "lint", "--policy", "p.toml"], ["export", "--curl"],
           *(["stats", topic] for topic in TOPICS)]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A capture without frames, and a policy without rules."""
    (tmp_path / "p.toml").touch()
    path = tmp_path / "empty.pcap"
    path.write_bytes(Path(TOUR).read_bytes()[:24])
    return path


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_capture_without_packets(netwatch: Run, empty: Path, words: list[str]) -> None:
    done = netwatch(*words, empty)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"netwatch: {empty}: no packets\n"


def test_packets_that_nobody_asked_for_are_not_missed(netwatch: Run) -> None:
    assert netwatch("read", TOUR, "--count", 0).stderr == netwatch("read", TOUR, "--limit", 0).stderr == ""


@pytest.mark.parametrize(("words", "said"), [
    (["read", TOUR, "--what", "findings"], "no finding records in 47 packets"),
    (["read", DNS, "--what", "http,tls"], "no http records and no tls records in 44 packets"),
    (["read", DNS, "--what", "http", "-Y", "status == 404"], "no http records in 44 packets"),
    (["read", TOUR, "-Y", NONE], "0 of 11 flows matched"), (["read", TOUR, "-Y", NONE, "--by", "app"], "0 of 11 flows"),
    (["read", DNS, "--what", "http", "--by", "host"], "--by host: nothing in 44 packets"),
    *((["stats", topic, TOUR, "-Y", NONE], "matched") for topic in TOPICS),
    (["stats", "conversations", TOUR, "--type", "sctp"], "conversations: nothing in 47 packets"),
    (["stats", "http", DNS], "http: nothing in 44 packets"), (["hosts", TOUR, "-Y", NONE], "0 of 11 flows matched"),
    (["assert", "bytes > 0", TOUR], "11 flows, and each keeps to it"),
    (["assert", "bytes < 1", TOUR, "--limit", "0"], "11 of 11 flows break it; --limit 11 shows all"),
    (["sql", "SELECT * FROM flows WHERE dport = 1", TOUR], "the query has no rows"),
    (["export", "--curl", DNS], "no http records in 44 packets"), (["diagnose", TOUR], "no findings in 47 packets"),
    (["egress", "lint", TOUR, "--policy", "p.toml"], "6 ways, and none breaks the policy"),
])
def test_all_that_was_left_out_is_said_at_a_terminal(empty: Path, monkeypatch: pytest.MonkeyPatch, words: list[str],
                                                     said: str) -> None:
    monkeypatch.chdir(empty.parent)
    told = said_to_a_terminal(*words, stdout=subprocess.DEVNULL)[1]
    assert said in told and told.count("\n") == 1
    assert said_to_a_terminal(*words, stderr=subprocess.DEVNULL)[1].count("netwatch:") == 0  # never among the data


@pytest.mark.parametrize(("words", "code", "said"), [
    (["show", TOUR, "--flow", 3, "-Y", NONE], 4, "--flow 3 --where port == 1: none of 2 frames passes the filter"),
    (["show", TOUR, "-Y", NONE], 4, "--where port == 1: none of 47 frames passes the filter"),
    (["show", TOUR, "--flow", 3, "--limit", 0], 0, "2 frames more: --limit shows them"),
    (["show", TOUR, "--flow", 99], 4, "--flow 99: there is no such flow"),
    (["read", TOUR, "--exported"], 0, "no exporter told of a flow"),
    (["data", "verify"], 0, "no pack is installed: there is nothing to verify"),
])
def test_what_is_said_to_everybody(netwatch: Run, words: list[str], code: int, said: str) -> None:
    done = netwatch(*words)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"netwatch: {said}\n")


def test_what_exporters_told_of_has_an_exit_status(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["read", TOUR, "--exported", "-Y", NONE, "--exit-status"]) == 1
    assert capfd.readouterr().err == "netwatch: no exporter told of a flow\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="to capture needs root")
def test_an_interface_on_which_nothing_came(netwatch: Run) -> None:
    for words in (["read"], ["usage"], ["stats", "io"]):
        done = netwatch(*words, "-i", "lo", *(["-f", "port 1"] if words != ["usage"] else []), "--duration", "300ms")
        passing = "" if words == ["usage"] else " that pass port 1"
        assert done.returncode == 0
        assert f"no packets came on lo{passing}\n" in done.stderr or (words == ["usage"] and (
            done.stdout or "none leaves the machine" in done.stderr))


def test_what_is_said_begins_a_line(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever says it, and errors too: the line on how far it is goes first."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("netwatch.cli.progress.PATIENCE", 0.0)
    monkeypatch.setattr("netwatch.cli.progress.EVERY", 0.0)
    assert run(["show", TOUR, "--flow", "3", "--limit", "0"]) == 0
    assert "packets\r\033[Knetwatch: 2 frames more" in capfd.readouterr().err
    progress = Progress.__new__(Progress)
    progress._drawn = True
    errors.clear_with(progress.clear)
    assert run(["read", "there-is-none.pcap"]) == 4
    assert capfd.readouterr().err.startswith("\r\033[Knetwatch: there-is-none.pcap")
