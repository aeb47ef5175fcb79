"""`netwatch diff --format screen`: what changed, as a list: every key, every size, and in a real terminal."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from netwatch_command import Run

from netwatch._fast.term.canvas import Canvas
from netwatch.cli.diff import as_screen
from netwatch.export.compare import Profile, compare
from netwatch.model.record import Record
from netwatch.ui import keys
from netwatch.ui.differences import ACTIONS, NAME, Compared, Line, Screen
from tests.ui.replayed import HERE
from tests.ui.test_terminal import Tmux


def flow(dst: str, size: int, **more: object) -> Record:
    return {"proto": "tcp", "dst": dst, "dport": 443, "bytes_out": size, "bytes_in": 0, "packets_out": 100, **more}


def profile(*flows: Record) -> Profile:
    found = Profile()
    for each in flows:
        found.add(each)
    return found


@pytest.fixture
def screen() -> Screen:
    before = profile(flow("192.0.2.1", 1000, rtt_us=1000), flow("192.0.2.2", 10), flow("192.0.2.9", 5))
    after = profile(flow("192.0.2.1", 900_000, rtt_us=9000, retransmits_out=9), flow("192.0.2.3", 10, app="tls"))
    return Screen(as_screen(("a.pcap", "b"), compare(before, after), before, after))


def drawn(screen: Screen, rows: int = 24, cols: int = 100) -> list[str]:
    canvas = Canvas(rows, cols, False)
    screen.resize(rows, cols)
    screen.draw(canvas)
    lines = [[" "] * cols for _ in range(rows)]
    for y, x, text, _ in canvas.changes():
        lines[y][x:x + len(text)] = text
    return ["".join(line).rstrip() for line in lines]


def test_all_of_it_is_there(screen: Screen) -> None:
    shown = "\n".join(drawn(screen))
    for text in ("a.pcap", "3 flows, 300 packets, 1,015 bytes", "b  2 flows", "192.0.2.3", "192.0.2.2", "192.0.2.9",
                 "destination 192.0.2.1", "9.000 ms", "0.00 %", "9.00 %"):
        assert text in shown, text
    assert sum(line[1:2] in "+-~" and line[1:2] != "" for line in shown.splitlines()[5:-1]) == len(
        screen.state.parts[NAME].compared.lines)


def test_what_is_chosen_and_in_what_order(screen: Screen) -> None:
    drawn(screen)
    for change in ("new", "vanished", "shifted"):
        screen.key("f")
        rows = [line for line in drawn(screen)[5:-1] if line]
        assert rows and all(change in line for line in rows)
    screen.key("f")
    for key in (">", "<", "S"):
        screen.key(key)
    order = ("new", "vanished", "shifted").index
    found = [order(line[3:11].strip()) for line in drawn(screen, 60)[5:-1] if line]
    assert found == sorted(found, reverse=True) and len(set(found)) == 3
    screen.key("home")
    screen.key("enter")
    assert "Sent again" in "\n".join(drawn(screen)) or "Times" in "\n".join(drawn(screen))
    screen.key("esc")
    assert screen.quit_code is None and "Before  " not in drawn(screen)[14]
    screen.key("q")
    assert screen.quit_code == 0


@pytest.mark.parametrize("size", [(5, 20), (12, 40), (24, 80), (100, 400)])
def test_every_key_at_every_size(screen: Screen, size: tuple[int, int]) -> None:
    copied: list[str] = []
    screen.state.clipboard = lambda text: bool(copied.append(text)) or True
    lines = [Line("new", "port", f"tcp/{n}\x1b]0;x\x07", "B", None, n, n) for n in range(500)]
    for many in (screen, *(Screen(Compared(("a\x1b[2J", "b"), ("", ""), each)) for each in ([], lines))):
        for line in keys.KEYS:
            if line.context in (NAME, "details", "fields") and line.action != "quit":
                for name in ("down", "enter", line.names[0]):
                    many.key(name)
                    assert len(drawn(many, *size)) == size[0] and "\x1b" not in "".join(drawn(many, *size))
        for what in ("click", "double", "wheel-up", "wheel-down"):
            for y in range(0, size[0], 3):
                many.mouse(what, y, 10)
        many.key("漢", "漢")
    assert {line.action for line in keys.KEYS if line.context == NAME} - {"quit"} <= set(ACTIONS)


def test_without_a_terminal_it_is_refused(netwatch: Run) -> None:
    done = netwatch("diff", "--format", "screen", HERE / "http.pcap", HERE / "http.pcap")
    assert done.returncode == 69 and "no terminal here" in done.stderr


def test_in_a_terminal(netwatch: Run, tmp_path: Path) -> None:
    """A bundle and a capture, in the jail."""
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    assert netwatch("bundle", "make", HERE / "http.pcap", tmp_path / "bundle").returncode == 0
    view = Tmux(tmp_path, "diff", "--format", "screen", "--exit-status", str(tmp_path / "bundle"),
                str(HERE / "https2.pcap"), module="netwatch")
    try:
        view.wait("tcp/443")
        view.run("resize-window", "-x", "60", "-y", "15")
        view.wait("q quit")
        view.keys("Down", "Enter")
        view.wait("Packets")
        view.keys("q")
        view.wait("EXIT 1")
        assert view.errors.read_text() == ""
    finally:
        subprocess.run(["tmux", "-L", view.name, "kill-server"], check=False, capture_output=True)
