"""Every command where nobody reads what it prints or says, and where a signal ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, until_inside

from netwatch.cli import COMMANDS

TOUR = ROOT / "docs" / "tour.pcap"
# a way of each command that ends by itself and prints something, in a folder of its own
PRINTS = {
    "read": [str(TOUR)], "stats": ["io", str(TOUR)], "show": [str(TOUR), "--frame", "4"], "hosts": [str(TOUR)],
    "assert": ["bytes < 1", "-r", str(TOUR)], "record": ["--help"], "bundle": ["make", "--help"], "open": ["--help"],
    "diff": [str(TOUR), str(TOUR)], "sql": ["SELECT count(*) FROM flows", "-r", str(TOUR)],
    "export": ["--curl", str(TOUR)], "forget": ["--help"], "diagnose": ["--help"],
    "egress": ["promote", str(TOUR)], "usage": ["--help"], "trace": ["--help"], "uptime": ["--help"],
    "run": ["--help"], "whois": ["--help"], "devices": [], "fields": [], "protocols": [], "formats": [],
    "config": ["show"], "data": ["list"], "doctor": [], "agent": ["--help"], "snapshot": ["--help"], "feed": ["--help"],
    "attach": ["--help"],
}


def within(home: Path) -> dict[str, str]:
    """An environment in which all that is kept goes there."""
    return {**ENVIRONMENT, "HOME": str(home), "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}


def ended(words: list[str], redirection: str, home: Path) -> tuple[int, bytes]:
    """(its exit code, what it said). A shell opens and closes what it is to find."""
    done = subprocess.run(["bash", "-c", f'"$@" {redirection}; exit ${{PIPESTATUS[0]}}', "bash", *COMMAND, *words],
                          env=within(home), cwd=home, timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return done.returncode, done.stderr


def test_no_command_is_left_out() -> None:
    assert PRINTS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_what_nobody_reads_is_told_by_the_exit_code(command: str, tmp_path: Path) -> None:
    words = [command, *PRINTS[command]]
    usual, _ = ended(words, "", tmp_path)
    assert usual in (0, 1)
    full, said = ended(words, "> /dev/full", tmp_path)
    assert full == 69
    assert b"the output cannot be written" in said
    assert ended(words, "| true", tmp_path) == (141, b"")
    for closed in ("2>&-", "2> /dev/full"):
        assert ended(words, closed, tmp_path) == (usual, b"")


@pytest.mark.parametrize("closed", ["2>&-", "2> /dev/full", "2> /dev/full >&-", "2>&1 | true"])
@pytest.mark.parametrize(("words", "code"), [
    (["read", "missing.pcap"], 4), (["read", "--bogus"], 2), (["raed"], 2), (["stats", "nothing", str(TOUR)], 2),
    (["--theme", "none"], 2), (["read", str(TOUR), "-Y", "snii"], 0), (["read", str(TOUR), "-Y", "a.b ="], 2)])
def test_an_error_that_nobody_hears_has_its_exit_code(words: list[str], code: int, closed: str,
                                                      tmp_path: Path) -> None:
    assert ended(words, closed, tmp_path) == (69 if ">&-" in closed.replace("2>&-", "") else code, b"")


FEEDS = {  # commands that read a pipe, which here does not end: what stands for it is "PIPE"
    "read": ["PIPE"], "by": ["read", "PIPE", "--by", "app"], "follow": ["read", "PIPE", "--follow", "6"],
    "stats": ["conversations", "PIPE"], "hosts": ["PIPE"], "show": ["PIPE", "--flow", "6"],
    "diff": ["PIPE", str(TOUR)], "sql": ["SELECT count(*) FROM flows", "-r", "PIPE"], "export": ["--curl", "PIPE"],
    "egress": ["promote", "PIPE"], "assert": ["bytes < 1", "-r", "PIPE"],
}


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", FEEDS)
def test_a_signal_prints_what_is_known(command: str, number: signal.Signals, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.pcap"
    os.mkfifo(pipe)
    words = [str(pipe) if word == "PIPE" else word for word in FEEDS[command]]
    with subprocess.Popen([*COMMAND, *([command] if command in COMMANDS else []), *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=within(tmp_path),
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as process:
        assert process.stdout is not None
        with open(pipe, "wb", buffering=0) as feed:
            feed.write(TOUR.read_bytes())
            until_inside(process)
            time.sleep(0.5)  # it reads what is there
            process.send_signal(number)
            printed = process.stdout.read()
        process.wait(60)
    assert process.returncode in ((1,) if command == "assert" else (128 + number,))
    assert printed
