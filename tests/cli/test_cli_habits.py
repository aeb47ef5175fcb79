"""What people type by habit: a file alone, help, a typo; lists of what there is; usage errors of two lines."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import termios
import time

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

from netwatch.cli import COMMANDS, foreign_options
from netwatch.cli.foreign_options import OPTIONS
from netwatch.schema import BY_NAME
from netwatch.stats.topics import TOPICS

CAPTURE = ROOT / "tests" / "captures" / "dns.pcap"


def test_a_file_alone_is_read(netwatch):
    alone, read = netwatch(CAPTURE), netwatch("read", CAPTURE)
    assert alone.returncode == 0 and alone.stdout == read.stdout and read.stdout
    assert netwatch(CAPTURE, "--what", "dns").stdout == netwatch("read", CAPTURE, "--what", "dns").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each(netwatch, command):
    asked, long = netwatch("help", command), netwatch(command, "--help")
    assert asked.returncode == long.returncode == 0
    assert asked.stdout == long.stdout and asked.stdout.startswith(f"usage: netwatch {command}")
    assert f"netwatch {command}" in netwatch("help").stdout or f"`{command}`" in netwatch("help").stdout


@pytest.mark.parametrize(("words", "code", "said"), [
    (["raed", "x.pcap"], 2, "did you mean read?"), (["help", "devcies"], 2, "did you mean devices?"),
    (["wibble"], 2, "no such command and no such file"), (["/no/such.pcap"], 4, "no such file"),
    (["read", "--feilds", "src", str(CAPTURE)], 2, "did you mean --fields?"),
    (["read", "--feilds=src", str(CAPTURE)], 2, "did you mean --fields?"),
    (["--teme", "x"], 2, "did you mean --theme?"), (["doctor", "x"], 2, "x: one too many"),
    (["read", "--form", "csv", str(CAPTURE)], 2, "--form: no such option; did you mean --format?"),
    (["read", "--format", "xml", str(CAPTURE)], 2, "invalid choice"),
    (["read", "--count", "x"], 2, "not a whole number"),
    (["fields", "flwo"], 2, "no such kind of record"), (["extract", "x.pcap"], 2, "here: netwatch export --objects"),
    (["stats", "io,phs", str(CAPTURE)], 2, "did you mean protocols?"),
    (["stats", "conv,tcp", str(CAPTURE)], 2, "did you mean conversations?"),
    (["stats", "io,stat,1", str(CAPTURE)], 2, "did you mean io?"),
])
def test_an_error_of_use_is_short_and_names_what_is_near(netwatch, words, code, said):
    done = netwatch(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr and len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("command", [[], ["read"], ["stats", "io"], ["show"], ["hosts"]])
def test_options_of_others_are_told_or_taken(netwatch, command, option):
    """An option that means something else here is told of in the help; any other says what there is instead."""
    help_ = netwatch(*command, "--help").stdout
    if re.search(rf"(?m)^  (-\w.*, )?{option}[ ,\n]", help_):
        return
    done = netwatch(*command, *([CAPTURE] if command else []), option)
    assert (done.returncode, done.stdout) == (2, "")
    here = OPTIONS[option] if (command, option) != (["show"], "--json") else "--format ndjson"  # it has no other
    assert f"{option}: no such option; here: {here}\n" in done.stderr


@pytest.mark.parametrize("text", ["tcp port 80", "dns", "host 192.0.2.1", "tcp.port == 80"])
def test_a_filter_that_stands_as_tcpdump_has_it(netwatch, text):
    done = netwatch("read", CAPTURE, text)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"netwatch: {text}: no such file; a filter goes with -Y {shlex.quote(text)}\n"


def test_the_lists(netwatch):
    listed = json.loads(netwatch("fields", "--json").stdout)
    assert [each["field"] for each in listed] == list(BY_NAME)
    few = netwatch("fields", "dns", "--match", "LATENCY").stdout.splitlines()
    assert few[0].startswith("field") and all("latency" in line for line in few[1:]) and len(few) > 1
    apps = [each["app"] for each in json.loads(netwatch("protocols", "--json").stdout)]
    assert {"tls", "dns", "quic"} <= set(apps) and apps == sorted(apps)
    assert {"pcapng", "ndjson"} <= {each["format"] for each in json.loads(netwatch("formats", "--json").stdout)}
    assert netwatch("formats").stdout.splitlines()[0].split() == ["format", "can", "be", "what"]


def test_keys_come_from_the_terminal_while_a_capture_is_piped_in() -> None:
    """`tcpdump -w - | netwatch -r -`: what was read is shown, and q ends it."""
    child, ours = pty.fork()
    if child == 0:
        capture = os.open(ROOT / "docs" / "tour.pcap", os.O_RDONLY)
        reading, writing = os.pipe()
        os.write(writing, os.read(capture, 1 << 15))
        os.close(writing)
        os.dup2(reading, 0)
        os.execve(COMMAND[0], [*COMMAND, "-r", "-"], {**ENVIRONMENT, "TERM": "xterm"})
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    said, until, asked = b"", time.monotonic() + 60, False
    try:
        while time.monotonic() < until:
            if select.select([ours], [], [], 0.5)[0]:
                said += os.read(ours, 65536)
            if b"192.0.2.10" in said and not asked:
                os.write(ours, b"q")
                asked = True
    except OSError:  # it has ended
        pass
    os.close(ours)
    _, status = os.waitpid(child, 0)
    assert asked, said[-2000:]
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"standard input" in said


@pytest.mark.parametrize("word", foreign_options.COMMANDS)
def test_commands_of_others_lead_to_one_that_there_is(word):
    """With options that it has."""
    assert word not in COMMANDS
    first, *rest = foreign_options.COMMANDS[word].split()
    assert first in COMMANDS
    known = subprocess.run([*COMMAND, first, "--help"], env=ENVIRONMENT, capture_output=True, text=True, timeout=60,
                           check=True).stdout
    assert all(option in known for option in rest if option.startswith("-"))
    assert first != "stats" or rest[0] in TOPICS


def test_tsharks_statistics_are_topics():
    assert set(foreign_options.TOPICS.values()) <= set(TOPICS)


def test_what_is_long_is_not_said_whole(netwatch):
    done = netwatch("read", CAPTURE, "--where", "a" * 3000 + " == 3")
    assert done.returncode == 2 and max(map(len, done.stderr.splitlines())) < 200
