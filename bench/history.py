"""The table by the second: what 24 hours of 5,000 flows, a fifth of which moves each second, take of disk and CPU, and
how long a moment takes to be there, from memory, from disk, and from a disk nothing of which is cached.

    python -m bench.history [--minutes 20] [--flows 5000] [--state FOLDER]
"""
from __future__ import annotations

import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import measure

SECOND = 1_000_000_000
START = 1_700_000_000
DAY = 86_400
SHARE = 5  # one of so many flows moves each second
MOMENTS = 60
AHEAD = 60  # moments that may wait for the disk
ETHERNET = bytes.fromhex("0200000000020200000000010800")


def frame(flow: int, outward: bool, flags: int, seq: int, ack: int, size: int) -> bytes:
    """TCP between a client of 10.0.0.0/8 and one of 400 servers; checksums are not looked at."""
    client, server = struct.pack(">I", 0x0A000000 + flow // 4), struct.pack(">I", 0xC0000200 + flow % 400)
    source, target = (client, server) if outward else (server, client)
    ports = (20000 + flow, 443) if outward else (443, 20000 + flow)
    return (ETHERNET + struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + size, 0, 0x4000, 64, 6, 0, source, target)
            + struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0) + bytes(size))


def write(path: Path, flows: int, seconds: int, start: int = START) -> None:
    """All are opened in the first second; from then on a fifth sends and is answered each second, in turn, both of any
    size and at any time of it."""
    chance = random.Random(1)
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))

        def put(second: int, ns: int, data: bytes) -> None:
            out.write(struct.pack("<IIII", start + second, ns, len(data), len(data)) + data)

        sent, got = [1] * flows, [1] * flows
        for flow in range(flows):
            for turn, (outward, flags, seq, ack) in enumerate(((True, 2, 0, 0), (False, 18, 0, 1), (True, 16, 1, 1))):
                put(0, flow * 150_000 + turn * 40_000, frame(flow, outward, flags, seq, ack, 0))
        for second in range(1, seconds):
            for ns in sorted(chance.sample(range(900_000_000), flows // SHARE)):
                flow = chance.randrange(flows)
                asked, answered = chance.randrange(1, 600), chance.randrange(1, 1400)
                put(second, ns, frame(flow, True, 24, sent[flow], got[flow], asked))
                sent[flow] += asked
                put(second, ns + chance.randrange(90_000), frame(flow, False, 24, got[flow], sent[flow], answered))
                got[flow] += answered


def record(path: Path, *settings: str) -> tuple[float, int]:
    """(s of CPU of this process, moments that were missed) of a session on it, taken for live."""
    from netwatch.addons.history import History
    from netwatch.capture.file import open_files
    from netwatch.cli.selection import read_settings
    from netwatch.model.contract import Purpose
    from netwatch.run.replay import Player
    from netwatch.run.session import Session

    class Patient(Session):
        """Waits for the disk, as packets that come as time goes by do."""

        def _take(self, count: int) -> object:
            writer = self.get(History)._moments
            while writer is not None and writer.waiting > AHEAD:
                time.sleep(0.005)
            return super()._take(count)

    session = Patient(Purpose(label="bench", live=True), lambda: open_files([str(path)]),
                      settings=read_settings([*settings, "history.flows=20000"], None))
    session.player = Player(None)
    began = time.process_time()
    session.start()
    while not session.health().done:
        time.sleep(0.05)
    store = {each.name: each for each in session.get(History).stores()}
    session.stop()
    used = time.process_time() - began
    return used, store["moments for the disk"].lost if "moments for the disk" in store else 0


def forget_pages(path: Path) -> None:
    """Nothing of the file is in the kernel's cache from now on."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def looks(cold: Callable[[], None] | None, folder: Path, first_ns: int, last_ns: int) -> list[tuple[float, float]]:
    """(wall, CPU) in ms of random moments of another run, which lasted from `first_ns` to `last_ns`: the table with its
    first fifty rows by bytes. `cold` is done before each, and by a reader that has read nothing."""
    from netwatch.addons.history import History
    from netwatch.capture.file import open_files
    from netwatch.cli.selection import read_settings
    from netwatch.model.contract import Purpose
    from netwatch.run.session import Session

    later = folder / "later.pcap"
    write(later, 5, 2, START + DAY)  # of the same time, its own moments would be shown in place of those
    session = Session(Purpose(label="later", live=True), lambda: open_files([str(later)]),
                      settings=read_settings(["history.on=true", "history.memory_mb=0"], None))
    session.start()
    while not session.health().done:
        time.sleep(0.01)
    found, chance = [], random.Random(1)
    for _ in range(MOMENTS):
        ns = chance.randrange(first_ns + SECOND, last_ns)
        if cold is not None:
            back = session.get(History)._back
            assert back is not None
            back.close()
            back._of = (0, 0)
            cold()
        began, used = time.monotonic(), time.process_time()
        past = session.at(ns)
        past.query(None, "bytes", True, 0, 50, True)
        found.append((1000 * (time.monotonic() - began), 1000 * (time.process_time() - used)))
    session.stop()
    return found


def told(what: str, found: list[tuple[float, float]]) -> None:
    wall, cpu = (sorted(each[i] for each in found) for i in (0, 1))
    print(f"{what}: wall median {wall[len(wall) // 2]:.0f} ms, worst {wall[-1]:.0f}; CPU median "
          f"{cpu[len(cpu) // 2]:.0f} ms, worst {cpu[-1]:.0f}; {len(found)} moments", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--flows", type=int, default=5000)
    parser.add_argument("--state", help="a folder of a real disk for the history")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    seconds = 60 * options.minutes
    if options.part:
        used, missed = record(Path(options.part), *os.environ.get("BENCH_SETTINGS", "").split())
        print(used, missed)
        return 0
    with tempfile.TemporaryDirectory(dir=options.state) as folder:
        os.environ["XDG_STATE_HOME"] = folder
        path = Path(folder) / "made.pcap"
        write(path, options.flows, seconds)
        costs = {}
        for name, settings in (("nothing kept", "history.memory_mb=0"), ("in memory", ""),
                               ("on disk", "history.on=true history.memory_mb=0"),
                               ("both", "history.on=true")):
            state = str(Path(folder) / name.replace(" ", ""))
            done = subprocess.run([sys.executable, "-m", "bench.history", "--part", str(path)], cwd=measure.ROOT,
                                  env={**measure.environment(), "BENCH_SETTINGS": settings, "XDG_STATE_HOME": state},
                                  check=True, capture_output=True, text=True)
            used, missed = done.stdout.split()
            costs[name] = float(used) / seconds
            print(f"{name}: {1000 * costs[name]:.2f} ms of CPU a second, {missed} moments missed", flush=True)
        kept = Path(folder) / "both" / "netwatch" / "moments.sqlite"
        size = sum(each.stat().st_size for each in kept.parent.glob("moments.sqlite*"))
        print(f"{size / seconds / 1000:.1f} kB a second, {size / seconds * DAY / 1e9:.2f} GB in 24 hours; "
              f"the history: {100 * (costs['both'] - costs['nothing kept']):.2f} % of a core")
        os.environ["XDG_STATE_HOME"] = str(kept.parents[1])
        times = START * SECOND, (START + seconds) * SECOND
        told("from disk, cached", looks(None, Path(folder), *times))
        told("from disk, nothing cached", looks(lambda: forget_pages(kept), Path(folder), *times))
        print(measure.load())
    return 0


if __name__ == "__main__":
    sys.exit(main())
