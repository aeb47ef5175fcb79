"""What a question about many flows takes, and how long the engine is held for it at a time.

    python -m bench.ask            a million flows with 200,000 names; --flows, --names to try others

Every filter, order, grouping and tab is asked several times, first of all with nothing known of it. Times are of the
wall clock; beside them stands the CPU that the question took, which other programs do not change. Holds are those of
the session's lock, by whoever asks. Meanwhile a thread wakes every 5 ms, as the terminal does for a key: how late it
runs is what a key waits for.
"""
from __future__ import annotations

import argparse
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench import measure, workloads
from netwatch.addons.dashboard import DashboardQuestion
from netwatch.addons.egress import Egress
from netwatch.addons.groups import GroupsOf
from netwatch.addons.insights import Insights
from netwatch.addons.processes import Processes
from netwatch.addons.statistics import StatisticsQuestion
from netwatch.addons.topology import Peers
from netwatch.capture.file import open_files
from netwatch.filter import Filter
from netwatch.model.contract import Purpose
from netwatch.run.session import Session

FILTERS = ("h00077", "host matches /h0+7/", "label contains 77", "app_stack == tls", "process contains x", "/zzz/",
           "port == 53", "dns.names matches /7[0-9]7/", "scope.dst == global", "bytes > 100 and label:h0")
SORTS = ("bytes", "label", "name.host", "process.name", "dns.names", "src", "app_stack", "state")
TABS: dict[str, Any] = {"Dashboard": DashboardQuestion(), "Stats": StatisticsQuestion(),
        "Stats by DNS name": StatisticsQuestion(by="DNS name"), "Topology": Peers(),
        "Processes": Processes(), "Insights": Insights(), "Egress": Egress()}
GROUPS = ("process", "remote", "host", "country", "app", "container", "source", "state")
TARGET_MS, HELD_MS, KEY_MS = 100.0, 10.0, 50.0
TICK_S = 0.005
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def capture(flows: int, names: int) -> Path:
    """DNS queries, each of a client of its own; made once."""
    path = Path(workloads.DATA) / f"names-{flows}-{names}.pcap"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".tmp")
    with scratch.open("wb") as file:
        file.write(HEADER)
        for i in range(flows):
            label = b"h%06d" % (i * 7919 % names)
            query = struct.pack(">HHHHHH", i & 0xFFFF, 0x0100, 1, 0, 0, 0) + bytes([len(label)]) + label \
                + b"\x07example\x03com\x00" + struct.pack(">HH", 1, 1)
            udp = struct.pack(">HHHH", 1024 + i % 60000, 53, 8 + len(query), 0) + query
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + b"\x0a" \
                + struct.pack(">I", i)[1:] + bytes([8, 8, 8, 8])
            frame = bytes(12) + b"\x08\x00" + ip + udp
            file.write(struct.pack("<IIII", 1_700_000_000 + i // 1_000_000, i % 1_000_000, *2 * (len(frame),)) + frame)
    scratch.rename(path)
    return path


class Watched:
    """A lock that remembers how long the thread that asks has held it: wall clock and CPU, milliseconds."""

    def __init__(self, lock: Any) -> None:
        self._lock, self.wall, self.cpu, self.asking = lock, 0.0, 0.0, False

    def __enter__(self) -> None:
        self._lock.acquire()
        self._began = time.perf_counter(), time.thread_time()

    def __exit__(self, *error: object) -> None:
        if self.asking:
            self.wall = max(self.wall, 1000 * (time.perf_counter() - self._began[0]))
            self.cpu = max(self.cpu, 1000 * (time.thread_time() - self._began[1]))
        self._lock.release()


class Keys(threading.Thread):
    """How late something runs that needs a moment of the interpreter, in milliseconds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.late: list[float] = []
        self.asked, self.latest_of = "", (0.0, "")  # the question that is answered; the longest wait, and which it was
        self.over = False

    def run(self) -> None:
        while not self.over:
            due = time.perf_counter() + TICK_S
            time.sleep(TICK_S)
            self.late.append(1000 * (time.perf_counter() - due))
            self.latest_of = max(self.latest_of, (self.late[-1], self.asked))

    def end(self) -> tuple[float, float]:
        """(99 of 100 were no later, the latest)."""
        self.over = True
        self.join()
        return quantiles(self.late, n=100)[98], max(self.late)


@contextmanager
def loaded(path: Path) -> Iterator[Session]:
    session = Session(Purpose(label=path.name, live=False), lambda: open_files([str(path)]))
    session.lock = Watched(session.lock)  # type: ignore[assignment]
    session.start()
    while not session.health().done:
        time.sleep(0.05)
    yield session
    session.stop()


def asked(session: Session, ask: Callable[[], Any], rounds: int) -> tuple[list[float], list[float], float, float]:
    """(milliseconds of each time, of its CPU, longest hold by the wall clock, and of CPU)."""
    lock: Any = session.lock
    lock.wall = lock.cpu = 0.0
    lock.asking, times, spent = True, [], []
    for _ in range(rounds):
        began, cpu = time.perf_counter(), time.thread_time()
        ask()
        times.append(1000 * (time.perf_counter() - began))
        spent.append(1000 * (time.thread_time() - cpu))
    lock.asking = False
    return times, spent, lock.wall, lock.cpu


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.ask", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=1_000_000)
    parser.add_argument("--names", type=int, default=200_000)
    parser.add_argument("-n", "--rounds", type=int, default=5)
    options = parser.parse_args()
    missed = 0
    with loaded(capture(options.flows, options.names)) as session:
        print(f"{options.flows:,} flows, {options.names:,} names, {measure.load()}")
        print(f"{'milliseconds':34} {'first':>8} {'median':>8} {'CPU':>7} {'held':>7} {'of CPU':>7}")
        questions: list[tuple[str, Callable[[], Any]]] = [
            (text, partial(session.query, Filter(text), "bytes", True, 0, 50, True)) for text in FILTERS]
        questions += [(f"sort {name}", partial(session.query, None, name, False, 0, 50, True)) for name in SORTS]
        questions += [(f"group {name}", partial(session.ask, GroupsOf(name, limit=50))) for name in GROUPS]
        questions += [(name, partial(session.ask, question)) for name, question in TABS.items()]
        keys = Keys()
        keys.start()
        for name, ask in questions:
            keys.asked = name
            times, spent, wall, cpu = asked(session, ask, options.rounds)
            good = (median(times) <= TARGET_MS or name in TABS) and cpu <= HELD_MS
            missed += not good
            print(f"{name:34} {times[0]:8.1f} {median(times):8.1f} {median(spent):7.1f} {wall:7.1f} {cpu:7.1f} "
                  f"{'' if good else 'MISSED'}")
        p99, latest = keys.end()
        missed += p99 > KEY_MS
        print(f"{'a key waits: p99, longest':34} {p99:8.1f} {latest:8.1f} during {keys.latest_of[1]}"
              f"{'' if p99 <= KEY_MS else ' MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
