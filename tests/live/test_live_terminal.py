"""The terminal on real interfaces: one that goes away is waited for; a window that is closed is no crash."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.pty_run import Terminal

MISSING = "" if os.geteuid() == 0 and sys.platform == "linux" and shutil.which("ip") else "namespaces are made as root"
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


class Space:
    """A namespace with pairs of veth, made and unmade by `with`."""

    def __init__(self) -> None:
        self.name = f"nwlt{os.getpid()}"

    def __enter__(self) -> Space:
        self._ip("netns", "add", self.name)
        return self

    def __exit__(self, *_: object) -> None:
        self._ip("netns", "del", self.name)

    @staticmethod
    def _ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def join(self, name: str) -> None:
        self._ip("-n", self.name, "link", "add", name, "type", "veth", "peer", "name", f"{name}x")
        for each in (name, f"{name}x"):
            self._ip("-n", self.name, "link", "set", each, "up")

    def part(self, name: str) -> None:
        self._ip("-n", self.name, "link", "del", name)


@pytest.fixture
def space() -> Iterator[Space]:
    with Space() as made:
        made.join("tva")
        made.join("tvc")
        yield made


@pytest.fixture
def start(space: Space, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts netwatch in the namespace, on a terminal of 160x40: two interfaces have room in its top line."""
    opened: list[Terminal] = []

    def started(*words: str) -> Terminal:
        folders = {name: str(tmp_path / name) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        opened.append(Terminal(space.name, *words, module="tests.live.within", rows=40, cols=160, **folders,
                               NETWATCH_OWNERS_FIND="false"))
        return opened[-1]

    yield started
    for each in opened:
        each.__exit__()


def test_an_interface_that_goes_away_comes_back_by_itself(space: Space, start: Callable[..., Terminal]) -> None:
    terminal = start("-i", "tva", "-i", "tvc")
    assert b"tva, tvc" in terminal.read(20, b"pkt/s")
    space.part("tvc")
    assert b"tvc lost (" in terminal.read(10, b"tvc lost (")
    space.part("tva")
    assert b"waited for" in terminal.read(10, b"waited for")
    space.join("tva")
    space.join("tvc")
    deadline, screen = time.monotonic() + 20, b""
    while b"error" in (screen or b"error") and time.monotonic() < deadline:
        terminal.send("\x0c")                               # paint all of it
        screen = terminal.read(1)
    words = re.sub(rb"\x1b\[[\d;?]*[A-Za-z]|\x1b\(B", b" ", screen).decode(errors="replace")
    assert "tva, tvc" in words and not re.search(r"lost|error|waited", words.partition("Dash")[2][:200]), words[:3000]
    terminal.send("q")
    assert terminal.process.wait(15) == 0


def test_a_closed_window_is_129_and_no_crash(start: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = start("-i", "tva")
    terminal.read(20, b"pkt/s")
    os.close(terminal.slave)
    os.close(terminal.master)                              # the kernel hangs up
    terminal.master = os.open(os.devnull, os.O_RDWR)
    terminal.slave = os.open(os.devnull, os.O_RDWR)
    assert terminal.process.wait(15) == 129
    assert not list(tmp_path.rglob("crash-*"))
