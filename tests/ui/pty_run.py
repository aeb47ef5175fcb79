"""Runs the invented session in a pseudo-terminal, without tmux: for latency, start-up, signals and idle cost."""
from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Terminal:
    """`python -m tests.ui.fake ARGS`, or another module, on a terminal of its own. `with` kills it at the end."""

    def __init__(self, *args: str, module: str = "tests.ui.fake", rows: int = 50, cols: int = 200,
                 **environment: str) -> None:
        self.master, slave = pty.openpty()
        self._size(slave, rows, cols)
        self.errors = Path(environment.pop("errors", os.devnull))
        folder = environment.pop("cwd", str(ROOT))
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
               "NETWATCH_UI_WELCOME": "false", **environment}
        self.started = time.monotonic()
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen([sys.executable, "-m", module, *args], cwd=folder, env=env,
                                            stdin=slave, stdout=slave, stderr=errors, start_new_session=True,
                                            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.seen = b""

    @staticmethod
    def _size(fd: int, rows: int, cols: int) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def resize(self, rows: int, cols: int) -> None:
        self._size(self.master, rows, cols)
        os.kill(self.process.pid, signal.SIGWINCH)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self, seconds: float, until: bytes = b"") -> bytes:
        """What was written within `seconds`, or up to `until`."""
        end, got = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    got += os.read(self.master, 65536)
                except OSError:
                    break
                if until and until in got:
                    break
        self.seen += got
        return got

    def cpu_s(self) -> float:
        """Seconds of CPU the program has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def key_latencies(self, keys: str, pause: float = 0.03) -> list[float]:
        """Seconds from each key to the first byte painted after it."""
        times = []
        for key in keys:
            self.read(pause)
            began = time.monotonic()
            self.send(key)
            if select.select([self.master], [], [], 5)[0]:
                times.append(time.monotonic() - began)
        return times


def measure() -> None:
    """Print start-up, latency and idle cost."""
    slow = ("--flows", "1000000", "--query-ms", "500")
    for label, args in (("1,000 flows", ()), ("1,000,000 flows, 500 ms queries", slow)):
        with Terminal(*args) as terminal:
            terminal.read(10, b"netwatch")
            print(f"{label}: first frame after {(time.monotonic() - terminal.started) * 1000:.0f} ms")
            terminal.read(2)
            times = [1000 * value for value in sorted(terminal.key_latencies("jk" * 250))]
            print(f"  key to paint: median {times[250]:.1f} ms, p99 {times[494]:.1f} ms, max {times[-1]:.1f} ms")
    for label, args in (("live, 1 Hz", ()), ("idle", ("--still",))):
        with Terminal(*args) as terminal:
            terminal.read(3)
            before, size = terminal.cpu_s(), len(terminal.seen)
            terminal.read(10)
            cpu, written = (terminal.cpu_s() - before) * 10, (len(terminal.seen) - size) / 10
            print(f"{label}: {cpu:.1f} % CPU, {written:.0f} B/s written")


if __name__ == "__main__":
    measure()
