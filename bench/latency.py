"""How long the terminal takes to answer a key with a million flows loaded, to show its first frame, and to start.

    python -m bench.latency            on the workload small; --size quick to try it
"""
from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from statistics import median
from typing import IO

from bench import measure, workloads
from bench.peers import NETWATCH
from tests.ui.pty_run import Terminal

QUIET = 0.25                 # seconds without a byte after which an answer is complete
KEYS = (                     # (what, bytes as xterm sends them to curses); a round ends where it began
    ("arrow down", "\033OB"), ("arrow up", "\033OA"), ("page down", "\033[6~"), ("page up", "\033[5~"),
    ("last flow", "G"), ("first flow", "g"), ("reverse order", "S"), ("reverse order", "S"), ("next column", ">"),
    ("previous column", "<"), ("details open", "\r"), ("details close", "\033"), ("filter open", "/"),
    *(("filter character", letter) for letter in "port==443"), ("filter keep", "\r"), ("filter drop", "\033"),
)
TARGETS = {"key p99": 50.0, "first frame": 400.0, "version": 120.0}     # ms


class Netwatch(Terminal):
    """`WITHIN... netwatch ARGS` on a terminal of its own; the rest is as in the tests of the terminal."""

    def __init__(self, *args: str, rows: int = 50, cols: int = 200, within: tuple[str, ...] = ()) -> None:
        self.master, self.slave = pty.openpty()
        self._size(self.slave, rows, cols)
        self.before = termios.tcgetattr(self.slave)
        silent = [*self.before]
        silent[3] &= ~termios.ECHO          # the kernel's echo of a key must not pass for an answer to it
        termios.tcsetattr(self.slave, termios.TCSANOW, silent)
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the process)
        self.seen = b""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*within, *NETWATCH, *args], cwd=measure.ROOT, env={**measure.environment(), "TERM": "xterm-256color"},
            stdin=self.slave, stdout=self.slave, stderr=self.complaints, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self) -> Netwatch:
        return self

    def wait_for_frame(self) -> float:
        """Milliseconds from the start of the process to its name on the screen."""
        if b"netwatch" not in self.read(20, b"netwatch"):
            raise RuntimeError(f"no frame within 20 s{self._death()}")
        return 1000 * (time.monotonic() - self.started)

    def _death(self) -> str:
        code = self.process.poll()
        self.complaints.seek(0)
        return "" if code is None else f"; it ended with {code}: {self.complaints.read().decode(errors='replace')}"

    def busy(self, seconds: float) -> float:
        """The share of a core it uses in the next so many seconds."""
        before, began = self.cpu_s(), time.monotonic()
        self.read(seconds)
        return (self.cpu_s() - before) / (time.monotonic() - began)

    def answer(self, keys: str, limit_s: float = 2) -> tuple[float, float] | None:
        """Milliseconds from a key to the first byte written after it, and to the last one before it is quiet. None when
        the screen stays as it is, which is right where the key changes nothing."""
        began = time.monotonic()
        self.send(keys)
        first = last = None
        while (now := time.monotonic()) - began < limit_s and (last is None or now - last < QUIET):
            if select.select([self.master], [], [], QUIET if last else limit_s)[0]:
                os.read(self.master, 65536)
                last = time.monotonic()
                first = first or last
        if first is None or last is None:
            if self.process.poll() is not None:
                raise RuntimeError(f"no answer to {keys!r}{self._death()}")
            return None
        return 1000 * (first - began), 1000 * (last - began)


def first_frames(path: Path, count: int) -> list[float]:
    """What it takes from the start of a process to its first frame, in milliseconds."""
    times = []
    for _ in range(count):
        with Netwatch("-r", str(path)) as terminal:
            times.append(terminal.wait_for_frame())
    return times


def versions(count: int) -> list[float]:
    """Wall milliseconds of `netwatch --version`."""
    return [1000 * measure.run([*NETWATCH, "--version"], 20).wall_s for _ in range(count)]


def keys(path: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Answers to every key, once the file is read and the terminal has come to rest."""
    found: dict[str, list[tuple[float, float]]] = {}
    with Netwatch("-r", str(path)) as terminal:
        terminal.wait_for_frame()
        while terminal.busy(3) > 0.05:
            pass
        terminal.send("jg")
        terminal.read(1)
        print(f"at rest after {time.monotonic() - terminal.started:.1f} s", flush=True)
        for turn in range(rounds):
            for what, key in KEYS:
                taken = terminal.answer(key)
                if taken is None:
                    print(f"round {turn}: {what} changed nothing on the screen")
                else:
                    found.setdefault(what, []).append(taken)
    return found


def keys_while_reading(path: Path) -> list[float]:
    """Milliseconds from an arrow key to the first byte after it, while the file is being read."""
    times: list[float] = []
    with Netwatch("-r", str(path)) as terminal:
        terminal.wait_for_frame()
        terminal.read(0.5)
        while terminal.busy(0.1) > 0.5 and len(times) < 200:
            times += [1000 * each for each in terminal.key_latencies("jk", pause=0.02)]
    return times


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def show(what: str, values: list[float]) -> None:
    print(f"{what:28} {len(values):4} {median(values):8.1f} {percentile(values, 0.99):8.1f} {max(values):8.1f}",
          flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(workloads.SIZES), default="full")
    parser.add_argument("-n", "--rounds", type=int, default=10, help="times every key is typed, default 10")
    options = parser.parse_args()
    path = workloads.make("small", workloads.SIZES[options.size])
    print(f"{path.name}, {measure.load()}")
    starts, frames = versions(20), first_frames(path, 5)
    reading, answers = keys_while_reading(path), keys(path, options.rounds)
    first = [each[0] for pairs in answers.values() for each in pairs]
    print(f"{'milliseconds':28} {'n':>4} {'median':>8} {'p99':>8} {'max':>8}   {measure.load()}")
    show("--version", starts)
    show("first frame", frames)
    if reading:
        show("key while reading", reading)
    show("key, all", first)
    for what, pairs in answers.items():
        show(f"  {what}", [each[0] for each in pairs])
        show("    whole answer", [each[1] for each in pairs])
    print(f"best --version {min(starts):.0f}, best first frame {min(frames):.0f}")
    found = {"key p99": percentile(first, 0.99), "first frame": median(frames), "version": median(starts)}
    for name, bound in TARGETS.items():
        print(f"{'met' if found[name] <= bound else 'MISSED':7} {name}: {found[name]:.0f} ms (target {bound:.0f})")
    return 1 if any(found[name] > bound for name, bound in TARGETS.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
