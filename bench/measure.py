"""Runs a program and says what it cost; and how busy the machine was with other things meanwhile."""
from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """One run of a program, children included. `cpu_s` is user and system time; `peak_mib` the largest resident size,
    not below that of the measuring process itself, from which it was forked; `others` the cores that others used."""
    command: str
    code: int
    cpu_s: float
    wall_s: float
    peak_mib: float
    others: float
    timed_out: bool
    output: bytes


def run(command: list[str], limit_s: float = 600) -> Run:
    """Run to the end, or for `limit_s` seconds, and then kill it. Its errors are thrown away."""
    with tempfile.TemporaryFile() as out:
        before, began = machine_busy_s(), time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, cwd=ROOT,
                                   env=environment(), start_new_session=True)
        late = threading.Event()

        def give_up() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit_s, give_up)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime
        out.seek(0)
        return Run(shlex.join(command), process.returncode, cpu, wall, usage.ru_maxrss / 1024,
                   max(0.0, (machine_busy_s() - before - cpu) / wall), late.is_set(), out.read())


def environment() -> dict[str, str]:
    """Ours, so that `python -m netwatch` is the netwatch of this tree from any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def machine_busy_s() -> float:
    """Seconds of CPU all processes have used since the machine started, time stolen by its host included."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _wait, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / TICK


def process_cpu_s(pid: int) -> float:
    """Seconds of CPU the threads of a process have used, to the nanosecond; those of ended threads are not in it."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def load() -> str:
    """The load average of the last minute, and how many cores share it."""
    return f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores"
