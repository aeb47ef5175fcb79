"""Little of what is needed: a terminal without columns, no memory for the table of flows."""

from __future__ import annotations

import fcntl
import resource
import struct
import subprocess
import sys
import termios

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

CAPTURE = ROOT / "tests" / "captures" / "https2.pcap"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and terminals of Linux")


@pytest.mark.parametrize(("lines", "columns", "code"), [(0, 0, 69), (1, 1, 69), (24, 1, 69), (1, 80, 0), (24, 2, 0)])
def test_a_terminal_of_no_size_is_said(tmp_path, lines, columns, code):
    from netwatch_terminal import Terminal

    with Terminal("-r", str(CAPTURE), folder=tmp_path) as terminal:
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        said = terminal.read(3, until=b"otherwise" if code else b"")
        if not code:
            terminal.send("q")
        assert terminal.process.wait(20) == code
        assert (b"stty cols 80" in said) == bool(code) and b"internal error" not in said
    assert not list(tmp_path.rglob("crash-*"))


def test_no_memory_for_the_flows_is_said_and_fewer_fit():
    words = [*COMMAND, "read", str(CAPTURE), "--what", "summary"]
    for more, code in (([], 69), (["--set", "flows.max=50000"], 0)):
        done = subprocess.run([*words, *more], env=ENVIRONMENT, capture_output=True, text=True, timeout=60,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20)))
        assert done.returncode == code, done.stderr
        assert ("flows.max" in done.stderr) == bool(code) and "internal error" not in done.stderr
