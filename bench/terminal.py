"""What the terminal costs while packets come in: keys typed into a pty, a redraw, idling, bytes per refresh.

    python -m bench.terminal           on the workload small (a million flows); --size quick to try it

The real program plays the file: first all of it, so that every flow is there, then from near its end again at a pace of
so many packets a second, while keys are typed. A redraw is measured on the canvas, without a terminal.
"""
from __future__ import annotations

import argparse
import os
import struct
import sys
import time
from pathlib import Path
from statistics import median

from bench import measure, workloads
from bench.latency import KEYS, Netwatch, percentile, show

TARGETS = {"key p99, ms": 50.0, "redraw, ms": 10.0, "idle, % of a core": 2.0}
PACED = 20_000                     # packets a second


def paced_copy(path: Path, rate: int) -> Path:
    """The capture with its last tenth stretched to so many packets a second; made once."""
    made = path.with_name(f"{path.stem}-paced.pcap")
    if made.exists():
        return made
    data = path.read_bytes()
    places, at = [], 24
    while at < len(data):
        places.append(at)
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    late = len(places) * 9 // 10
    out = bytearray(data)
    seconds, micros = struct.unpack_from("<II", data, places[late])
    begin = seconds * 1_000_000 + micros
    for i, place in enumerate(places[late:]):
        stamp = begin + i * 1_000_000 // rate
        struct.pack_into("<II", out, place, stamp // 1_000_000, stamp % 1_000_000)
    scratch = made.with_suffix(".tmp")
    scratch.write_bytes(out)
    os.replace(scratch, made)
    return made


def moment_of(path: Path) -> str:
    """The time of day, UTC, at which the stretched tenth begins."""
    with path.open("rb") as file:
        data = file.read(24 + 16)
    first = struct.unpack_from("<II", data, 24)
    frames = workloads.SIZES["full" if "full" in path.name else "quick"].packets
    ns = first[0] * 10**9 + first[1] * 1000 + frames * 9 // 10 * 1000
    return time.strftime("%H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns % 10**9:09d}"


def loaded(path: Path, rounds: int) -> tuple[list[float], float, float]:
    """(milliseconds from a key to the first byte, share of a core while nobody types, bytes a second) while packets
    come at the pace and all flows are there."""
    with Netwatch("-r", str(path), "--set", "timeouts.udp=86400", "--set", "timeouts.tcp_unknown=86400",
                  "--set", "timeouts.tcp_established=86400", "--set", "timeouts.tcp_conversing=86400") as terminal:
        terminal.wait_for_frame()
        while terminal.busy(3) > 0.05:
            pass
        terminal.send("@" + moment_of(path) + "\r")
        terminal.read(1)
        while terminal.busy(2) > 0.3:
            pass
        before = len(terminal.seen)
        terminal.send("{" * 14 + "}}}P")          # from 0.1x: 0.2, 0.5, 1
        terminal.read(3)
        written = len(terminal.seen)
        busy = terminal.busy(10)
        rate = (len(terminal.seen) - written) / 10
        times = []
        for _ in range(rounds):
            for _what, key in KEYS:
                taken = terminal.answer(key)
                if taken is not None:
                    times.append(taken[0])
        if b"Playing 1x" not in terminal.seen[before:]:
            print("  the file was not being played at 1x")
        return times, busy, rate


def redraws(count: int) -> list[float]:
    """CPU milliseconds of drawing everything anew at 200x50 and taking the changed cells, with a page of flows."""
    from tests.ui.driver import Driver
    from tests.ui.fake import FakeSession

    driver, times = Driver(FakeSession(flows=1_000_000, still=True, processes=True), 200, 50), []
    for _ in range(count):
        driver.canvas.invalidate()
        began = time.process_time()
        driver.app.draw(driver.canvas)
        driver.canvas.changes()
        times.append(1000 * (time.process_time() - began))
    return times


def idle(path: Path) -> tuple[float, float]:
    """(percent of a core, bytes a second) when a file has been read and nothing happens, at one look a second."""
    with Netwatch("-r", str(path)) as terminal:
        terminal.wait_for_frame()
        terminal.read(4)
        before = len(terminal.seen)
        return 100 * terminal.busy(20), (len(terminal.seen) - before) / 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.terminal", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(workloads.SIZES), default="full")
    parser.add_argument("-n", "--rounds", type=int, default=4,
                        help="times every key is typed, default 4; a hundred keys take most of the 50 s there are")
    options = parser.parse_args()
    path = paced_copy(workloads.make("small", workloads.SIZES[options.size]), PACED)
    print(f"{path.name}, {PACED} packets/s, {measure.load()}")
    drawn = redraws(200)
    rest, quiet = idle(Path(measure.ROOT) / "tests" / "captures" / "http.pcap")
    times, busy, rate = loaded(path, options.rounds)
    print(f"{'milliseconds':28} {'n':>4} {'median':>8} {'p99':>8} {'max':>8}   {measure.load()}")
    show("key while packets come", times)
    show("redraw at 200x50, CPU", drawn)
    print(f"idle: {rest:.2f} % of a core, {quiet:.0f} bytes/s")
    print(f"while packets come, nobody types: {100 * busy:.1f} % of a core, {rate:.0f} bytes per refresh (1 s)")
    found = {"key p99, ms": percentile(times, 0.99), "redraw, ms": median(drawn), "idle, % of a core": rest}
    for name, bound in TARGETS.items():
        print(f"{'met' if found[name] <= bound else 'MISSED':7} {name}: {found[name]:.2f} (target {bound:.0f})")
    return 1 if any(found[name] > bound for name, bound in TARGETS.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
