"""What an agent costs at 100,000 packets and 1,000 new flows a second, between two namespaces joined by a veth pair.

    sudo python -m bench.agent [--seconds 20]

It serves metrics and writes the event log meanwhile; each of its processes is measured. psutil is needed.
"""
from __future__ import annotations

import argparse
import socket
import struct
import subprocess
import sys
import tempfile
import time
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


def seconds_of(process: psutil.Process) -> dict[int, float]:
    """CPU seconds of it and its children."""
    return {each.pid: sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True))}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.agent", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
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
        time.sleep(4)
        new = subprocess.Popen(live.inside(live.SEND, [sys.executable, "-m", "bench.agent", "--send", "--seconds",
                                                       str(options.seconds)]), stdout=subprocess.PIPE, text=True,
                               cwd=measure.ROOT, env=measure.environment())
        process = psutil.Process(agent.pid)
        before = seconds_of(process)
        sent, rate = live.send(options.seconds, SIZE, RATE)
        after = seconds_of(process)
        for each in (process, *process.children(recursive=True)):
            share = (after[each.pid] - before[each.pid]) / options.seconds
            print(f"{each.name():15} {100 * share:5.1f} % of a core, {each.memory_info().rss / 1e6:.0f} MB resident")
        flows = int(new.communicate()[0])
        time.sleep(1)
        agent.terminate()
        agent.wait(20)
        told = log.read_bytes().count(b"\n")
        print(f"{rate:,.0f} packets/s, {sent:,} sent, {flows:,} new flows, {told:,} records; {measure.load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
