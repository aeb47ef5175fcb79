"""The whole program on a real terminal: tmux to see what a user sees, a bare pty for signals, latency and escapes."""
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
import uuid
from pathlib import Path

import pytest

from tests.ui.pty_run import Terminal

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pty")


class Tmux:
    """One program in one detached tmux of its own."""

    def __init__(self, tmp_path, *args, cols=80, rows=24, term="tmux-256color", module="tests.ui.fake",
                 redirect=True, **environment):
        self.name = f"netwatch-test-{uuid.uuid4().hex[:8]}"
        self.errors = tmp_path / "stderr"
        settings = {"TERM": term, "LC_ALL": "C.UTF-8", "PYTHONPATH": ROOT, **environment}
        words = " ".join(f"{key}={value}" for key, value in settings.items())
        program = f"env {words} {sys.executable} -m {module} {' '.join(args)}"
        program += f" 2>{self.errors}" if redirect else ""
        self.run("-f", "/dev/null", "new-session", "-d", "-x", str(cols), "-y", str(rows), "-c", str(tmp_path),
                 f"{program}; echo EXIT $?; sleep 60")
        self.run("set", "-g", "status", "off")

    def run(self, *words):
        done = subprocess.run(["tmux", "-L", self.name, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def keys(self, *names):
        self.run("send-keys", *names)

    def screen(self, *more):
        return self.run("capture-pane", "-p", *more)

    def wait(self, text, seconds=8.0):
        end = time.monotonic() + seconds
        while text not in (screen := self.screen()):
            assert time.monotonic() < end, f"no {text!r} on the screen:\n{screen}"
            time.sleep(0.03)
        return screen

    def wait_gone(self, text, seconds=8.0):
        end = time.monotonic() + seconds
        while text in (screen := self.screen()):
            assert time.monotonic() < end, f"still {text!r} on the screen:\n{screen}"
            time.sleep(0.03)
        return screen


@pytest.fixture
def tmux(tmp_path):
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    opened = []

    def start(*args, **more):
        opened.append(Tmux(tmp_path, *args, **more))
        return opened[-1]

    yield start
    for one in opened:
        subprocess.run(["tmux", "-L", one.name, "kill-server"], check=False, capture_output=True)


def test_a_walk_through_every_part(tmux):
    view = tmux("--still", "--flows", "300", cols=120, rows=40)
    view.wait("283 flows")
    view.keys("j", "j", "Enter")
    view.wait("Initiator")
    view.keys("Escape")
    view.wait_gone("Initiator")
    view.keys("s")
    view.wait("Sort by")
    view.keys("g", "j", "Enter")
    view.wait("by Remote ▲")
    view.keys("S")
    view.wait("by Remote ▼")
    view.keys("/")
    view.keys("-l", "port == 443 and rtt >")
    view.wait("▲ a value should follow >")
    view.keys("-l", " 1ms")
    view.wait("flows match")
    view.keys("Enter")
    view.wait("filter: port == 443 and rtt > 1ms")
    view.keys("?")
    view.wait("every field of the selected flow")
    view.keys("End")
    view.wait("Signs")
    view.keys("Escape")
    view.keys("Escape")
    view.wait_gone("filter:")
    view.keys("p")
    view.wait("PAUSED")
    view.keys("p")
    view.wait_gone("PAUSED")
    view.keys("x")
    view.wait("with ended ones")
    for name in ("Down", "Up", "PageDown", "PageUp", "Home", "End", "g", "G", "<", ">", "Tab", "2", "C-l", "x", "F5"):
        view.keys(name)
    view.wait("● eth0")
    view.keys("q")
    view.wait("EXIT 0")
    assert view.errors.read_text() == ""


def test_resizing_leaves_no_stale_cells(tmux):
    view = tmux("--still", "--flows", "300", "--processes", cols=200, rows=50)
    view.wait("283 flows")
    view.keys("Enter")
    sizes = ((60, 15, "Application"), (40, 12, "Flow "), (30, 8, "too small"), (120, 40, "Traffic"),
             (200, 50, "Initiator"), (400, 100, "Initiator"), (80, 24, "Application"))
    for cols, rows, sign in sizes:
        view.run("resize-window", "-x", str(cols), "-y", str(rows))
        view.wait(sign)
        time.sleep(0.15)
        shown = view.screen()
        assert len(shown.splitlines()) <= rows
        view.keys("C-l")
        time.sleep(0.15)
        assert view.screen() == shown, f"{cols}x{rows}"
        if rows >= 12:
            assert "? help  q quit" in shown.splitlines()[rows - 1]
    view.keys("q")
    view.wait("EXIT 0")


@pytest.mark.parametrize("term", ["tmux-256color", "xterm-256color", "screen", "linux", "vt100", "no-such-terminal"])
def test_terminal_types(tmux, term):
    view = tmux("--still", term=term)
    view.wait("941 flows")
    view.keys("j", "Enter")
    view.wait("Application")
    view.keys("q")
    view.wait("EXIT 0")
    assert view.errors.read_text() == ""


def test_without_utf8_everything_is_ascii(tmux):
    view = tmux("--still", LC_ALL="C")
    view.wait("941 flows")
    view.keys("Enter")
    assert view.wait("Application").isascii()


def test_a_dumb_terminal_is_refused_in_words(tmux):
    view = tmux("--still", term="dumb")
    view.wait("EXIT 69")
    assert "TERM" in view.errors.read_text()


@pytest.mark.parametrize(("args", "environment"), [(("--no-color",), {}), ((), {"NO_COLOR": "1"})])
def test_no_colour_means_none(args, environment):
    with Terminal("--still", *args, **environment) as terminal:
        terminal.read(8, b"help")
        terminal.read(0.5)
        assert not re.search(rb"\x1b\[(\d+;)*(3[0-8]|4[0-8]|9[0-7])(;\d+)*m", terminal.seen)
        assert b"941 flows" in terminal.seen or b"flows" in terminal.seen


@pytest.mark.parametrize(("args", "term", "wanted"), [
    ((), "xterm-256color", rb"\x1b\[38;5;116m"), (("--theme", "terminal"), "xterm-256color", rb"\x1b\[96m"),
    ((), "linux", rb"\x1b\[36m"), ((), "xterm", rb"\x1b\[36m"),
])
def test_colours_as_many_as_there_are(args, term, wanted):
    with Terminal("--still", *args, TERM=term) as terminal:
        terminal.read(8, b"help")
        terminal.read(0.5)
        assert re.search(wanted, terminal.seen)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_signals_restore_the_terminal(number, code):
    with Terminal() as terminal:
        terminal.read(8, b"help")
        assert termios.tcgetattr(terminal.slave)[3] != terminal.before[3]
        os.kill(terminal.process.pid, number)
        tail = terminal.read(3, b"\x1b[?1049l")
        assert b"\x1b[?1049l" in tail
        assert terminal.process.wait(5) == code
        assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3]


def test_a_window_that_changed_while_the_program_was_stopped():
    with Terminal("--still", rows=24, cols=80) as terminal:
        terminal.read(8, b"help")
        terminal.read(0.7)
        os.kill(terminal.process.pid, signal.SIGSTOP)
        terminal._size(terminal.master, 8, 30)           # SIGWINCH goes to the group in the foreground only
        os.kill(terminal.process.pid, signal.SIGCONT)
        assert b"too small" in terminal.read(3, b"too small")


def test_ctrl_c_quits():
    with Terminal() as terminal:
        terminal.read(8, b"help")
        terminal.send("\x03")
        terminal.read(3, b"\x1b[?1049l")
        assert terminal.process.wait(5) == 130


def test_a_crash_of_the_program_restores_the_terminal_and_names_its_report(tmp_path):
    errors = tmp_path / "stderr"
    with Terminal("--crash-shell", errors=str(errors), XDG_STATE_HOME=str(tmp_path)) as terminal:
        terminal.read(5, b"\x1b[?1049l")
        assert terminal.process.wait(5) == 70
        assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3]
    path = re.search(r"details are in (\S+)", errors.read_text()).group(1)
    assert "IndexError" in Path(path).read_text()


def test_copy_writes_osc_52():
    with Terminal("--still") as terminal:
        terminal.read(8, b"help")
        terminal.read(0.7)
        terminal.send("c")
        assert re.search(rb"\x1b\]52;c;[A-Za-z0-9+/=]+\x07", terminal.read(3, b"\x07"))


def test_the_mouse_selects_sorts_and_scrolls():
    with Terminal("--still", rows=24, cols=80) as terminal:
        terminal.read(8, b"help")
        terminal.read(0.7)
        terminal.send("\x1b[<0;20;10M\x1b[<0;20;10m")
        assert "▌".encode() in terminal.read(1, "▌".encode())
        terminal.send("\x1b[<65;20;10M")
        assert "▌".encode() in terminal.read(1, "▌".encode())


def test_nothing_is_written_when_nothing_changes():
    with Terminal("--still", "--refresh", "100") as terminal:
        terminal.read(8, b"help")
        terminal.read(1)
        assert terminal.read(1.5) == b""


def test_keys_are_answered_within_50_ms_while_a_query_takes_500():
    with Terminal("--flows", "1000000", "--query-ms", "500", "--flow-ms", "300", "--refresh", "100") as terminal:
        terminal.read(8, b"help")
        terminal.read(1.5)
        times = sorted(terminal.key_latencies("jjjk" * 50))
        assert len(times) == 200
        assert times[197] < 0.05, f"p99 {times[197] * 1000:.1f} ms"
