"""What an agent costs at 100,000 packets and 1,000 new flows a second, between two namespaces joined by a veth pair.

    sudo python -m bench.agent [--seconds 20] [--every 10]

It serves metrics and writes the event log meanwhile; each of its processes is measured, a line for each so many seconds
(`--every`), and over all of it; then what was dropped. psutil and curl are needed.
"""
from __future__ import annotations

import argparse
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psutil

from bench import live, measure, native
from bench.peers import NETWATCH

RATE, NEW_FLOWS, SIZE = 100_000, 1_000, 200


def send_new(seconds: float) -> int:
    """A packet each of so many new UDP flows a second; runs in the sending namespace. How many."""
    count, due = 0, time.monotonic()
    end = due + seconds
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((live.WIRE_END, 0))
        while time.monotonic() < end:
            for _ in range(NEW_FLOWS // 100):
                udp = struct.pack(">HHHH", 1024 + count % 60000, 53000, 12, 0) + b"abcd"
                ends = struct.pack(">II", 0x0B000001 + count // 60000, 0x0A010001)
                ip = struct.pack(">BBHHHBBH", 0x45, 0, 32, count & 0xFFFF, 0, 64, 17, 0) + ends
                wire.send(b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + udp)
                count += 1
            due += 0.01
            time.sleep(max(0.0, due - time.monotonic()))
    return count


class Costs:
    """CPU and memory of a process and its children, in the order of their numbers."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._first = self._last = self._now()

    def _now(self) -> tuple[float, dict[psutil.Process, float]]:
        every = sorted([self._process, *self._process.children(recursive=True)], key=lambda each: each.pid)
        return time.monotonic(), {each: sum(each.cpu_times()[:2]) for each in every}

    def told(self, *, whole: bool = False) -> str:
        """Since this was asked last, or in all: % of a core of each and of all, MB of each and of all, what they share
        counted once."""
        (now, used), (then, before) = self._now(), self._first if whole else self._last
        self._last = now, used
        shares = [100 * (seconds - before.get(each, 0)) / (now - then) for each, seconds in used.items()]
        sizes = [each.memory_full_info().pss / 1e6 for each in used]
        return (f"{' + '.join(f'{share:.1f}' for share in shares)} = {sum(shares):.1f} % of a core; "
                f"{' + '.join(f'{size:.0f}' for size in sizes)} = {sum(sizes):.0f} MB")


def drops() -> str:
    """What the agent says it lost, by cause."""
    said = subprocess.run(live.inside(live.RECEIVE, ["curl", "-s", "http://127.0.0.1:9464/metrics"]), check=True,
                          capture_output=True, text=True).stdout
    found = re.findall(r'^netwatch_capture_drops_total\{cause="(\w+)"\} (\S+)', said, re.MULTILINE)
    return ", ".join(f"{cause} {float(count):,.0f}" for cause, count in found)


def captures(process: psutil.Process) -> bool:
    """Is a packet socket open in its namespace?"""
    return len(Path(f"/proc/{process.pid}/net/packet").read_text().splitlines()) > 1


def watched(costs: Costs, sending: Future[tuple[int, float]], every: float) -> tuple[int, float]:
    """A line now and then until all is sent; frames, and frames a second."""
    began = time.monotonic()
    while True:
        try:
            return sending.result(every)
        except TimeoutError:
            print(f"{time.monotonic() - began:6.0f} s  {costs.told()}; {measure.load()}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.agent", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--every", type=float, default=10, metavar="S")
    parser.add_argument("--send", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        print(send_new(options.seconds))
        return 0
    native.load("gen")
    native.load("sender")
    with live.namespaces(), tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "events.ndjson"
        agent = subprocess.Popen(live.inside(live.RECEIVE, [*NETWATCH, "agent", "-i", live.HERE_END, "--metrics",
                                                            "127.0.0.1:9464", "--log", str(log)]),
                                 cwd=measure.ROOT, env=measure.environment())
        process = psutil.Process(agent.pid)
        until = time.monotonic() + 60
        while time.monotonic() < until and not (len(process.children(recursive=True)) > 1 and captures(process)):
            time.sleep(0.2)
        time.sleep(2)
        new = subprocess.Popen(live.inside(live.SEND, [sys.executable, "-m", "bench.agent", "--send", "--seconds",
                                                       str(options.seconds)]), stdout=subprocess.PIPE, text=True,
                               cwd=measure.ROOT, env=measure.environment())
        costs = Costs(process)
        with ThreadPoolExecutor(1) as pool:
            sent, rate = watched(costs, pool.submit(live.send, options.seconds, SIZE, RATE), options.every)
        print(f"   all    {costs.told(whole=True)}")
        flows = int(new.communicate()[0])
        time.sleep(3)
        lost = drops()
        agent.terminate()
        agent.wait(20)
        told = sum(path.read_bytes().count(b"\n") for path in log.parent.iterdir())
        print(f"{rate:,.0f} packets/s, {sent:,} sent, {flows:,} new flows, {told:,} records in what the log keeps; "
              f"drops: {lost}; "
              f"{measure.load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
