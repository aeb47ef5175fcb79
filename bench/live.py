"""Capture without loss, measured between two network namespaces joined by a veth pair; and what idling costs.

    sudo python -m bench.live              rates of 100,000 and 300,000 frames a second and as fast as it goes
    sudo python -m bench.live --seconds 1  to try it

Sender and receiver share the machine, so `max` says as much about the sender. The namespaces are removed at the end.
"""
from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench import measure, native
from bench.latency import Netwatch
from bench.peers import NETWATCH

SEND, RECEIVE = f"nwbt{os.getpid()}", f"nwbr{os.getpid()}"      # namespaces
WIRE_END, HERE_END = "nbt", "nbr"                               # the two ends of the veth pair
FLOWS = 1000
RECEIVERS = {
    "netwatch": [*NETWATCH, "read", "-i", HERE_END, "--duration", "10m", "--what", "summary"],
    "netwatch --sandbox off": [*NETWATCH, "read", "-i", HERE_END, "--duration", "10m", "--what", "summary",
                               "--sandbox", "off"],  # captured by the process itself, without the ring
    "netwatch --workers 2": [*NETWATCH, "read", "-i", HERE_END, "--duration", "10m", "--what", "summary",
                             "--workers", "2"],
    "netwatch --no-dpi": [*NETWATCH, "read", "-i", HERE_END, "--duration", "10m", "--what", "summary", "--no-dpi"],
    "tcpdump -w /dev/null": ["tcpdump", "-n", "-i", HERE_END, "-w", "/dev/null"],
    "tcpdump -B 65536": ["tcpdump", "-n", "-i", HERE_END, "-B", "65536", "-w", "/dev/null"],
}


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def namespaces() -> Iterator[None]:
    """Two namespaces joined by a veth pair, loopback up in both, no IPv6 noise; gone at the end whatever happens."""
    made = []
    try:
        for name in (SEND, RECEIVE):
            ip("netns", "add", name)
            made.append(name)
        ip("-n", SEND, "link", "add", WIRE_END, "type", "veth", "peer", "name", HERE_END, "netns", RECEIVE)
        for name, end in ((SEND, WIRE_END), (RECEIVE, HERE_END)):
            ip("netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", end, "up")
        yield
    finally:
        for name in made:
            ip("netns", "delete", name)


def inside(namespace: str, command: list[str]) -> list[str]:
    return ["ip", "netns", "exec", namespace, *command]


class Receiver:
    """A capture program in the receiving namespace; `with` waits until it captures, and ends it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (both live as long as the process)
        self.said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(inside(RECEIVE, RECEIVERS[name]), stdout=self.out, stderr=self.said,
                                        cwd=measure.ROOT, env=measure.environment())

    def __enter__(self) -> Receiver:
        sockets = Path(f"/proc/{self.process.pid}/net/packet")
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{self.process.pid}/ns/net") != os.readlink("/proc/self/ns/net") and \
                        len(sockets.read_text().splitlines()) > 1:
                    time.sleep(0.2)
                    return self
            time.sleep(0.02)
        self.__exit__()
        self.said.seek(0)
        raise RuntimeError(f"{self.name} does not capture: {self.said.read().decode(errors='replace')}")

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def counted(self) -> dict[str, int]:
        """What it says it received, and lost and where."""
        self.out.seek(0)
        self.said.seek(0)
        text = self.out.read().decode(errors="replace")
        if self.name.startswith("netwatch"):
            summary = json.loads(text)
            return {"received": summary["packets"], **{key: int(n) for key, n in summary["drops"].items() if n}}
        text += self.said.read().decode(errors="replace")
        got, lost = (re.search(rf"(\d+) packets? {word}", text) for word in ("captured", "dropped by kernel"))
        found = {"received": int(got[1]) if got else -1}
        return {**found, "kernel_drops": int(lost[1])} if lost and int(lost[1]) else found


def send(seconds: float, size: int, rate: float) -> tuple[int, float]:
    """(frames, frames a second) sent into the wire; runs in a process of its own, in the sending namespace."""
    command = inside(SEND, [sys.executable, "-m", "bench.live", "--send", f"{seconds},{size},{rate}"])
    done = subprocess.run(command, cwd=measure.ROOT, env=measure.environment(), check=True, capture_output=True)
    frames, took = json.loads(done.stdout)
    return int(frames), frames / took


def send_here(words: str) -> None:
    """The sending process: sends, and prints (frames, seconds)."""
    seconds, size, rate = (float(word) for word in words.split(","))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.setsockopt(263, 20, 1)                     # SOL_PACKET, PACKET_QDISC_BYPASS
        wire.bind((WIRE_END, 0))
        print(json.dumps(native.load("sender").send(wire.fileno(), seconds, int(size), rate, FLOWS)))


@dataclass(frozen=True)
class Step:
    """One receiver at one rate. `cpu` is in cores, `counted` what the receiver itself says."""
    program: str
    size: int
    sent: int
    per_s: float
    cpu: float
    counted: dict[str, int]
    load: float

    def __str__(self) -> str:
        got = self.counted["received"]
        lost = ", ".join(f"{key} {n:,}" for key, n in self.counted.items() if key != "received")
        return (f"{self.program:22} {self.size:5} {self.per_s:9,.0f} {self.sent:10,} {got:10,} {self.sent - got:9,}"
                f" {100 * self.cpu:6.1f} %  {self.load:5.2f}  {lost}")


def step(name: str, seconds: float, size: int, rate: float) -> Step:
    """Send for so many seconds, and ask the receiver what it got once its buffers are empty."""
    with Receiver(name) as receiver:
        before = measure.process_cpu_s(receiver.process.pid)
        sent, reached = send(seconds, size, rate)
        time.sleep(1.5)
        cpu = measure.process_cpu_s(receiver.process.pid) - before
    return Step(name, size, sent, reached, cpu / seconds, receiver.counted(), os.getloadavg()[0])


def idle(seconds: float) -> None:
    """What netwatch costs when nothing comes, in percent of a core."""
    with Receiver("netwatch") as receiver:
        before = measure.process_cpu_s(receiver.process.pid)
        time.sleep(seconds)
        cost = (measure.process_cpu_s(receiver.process.pid) - before) / seconds
    print(f"idle: netwatch read -i {100 * cost:.2f} % of a core", flush=True)
    with Netwatch("-i", "lo", within=tuple(inside(RECEIVE, []))) as terminal:
        terminal.wait_for_frame()
        terminal.read(2)
        before, size = measure.process_cpu_s(terminal.process.pid), len(terminal.seen)
        terminal.read(seconds)
        cost = (measure.process_cpu_s(terminal.process.pid) - before) / seconds
        written = (len(terminal.seen) - size) / seconds
        print(f"idle: netwatch -i lo   {100 * cost:.2f} % of a core, {written:.0f} bytes/s to the screen;"
              f" {measure.load()}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="of sending at each rate, default 5")
    parser.add_argument("--rates", default="100000,300000,0", help="frames a second; 0 is as fast as it goes")
    parser.add_argument("--sizes", default="64,1514", help="bytes of a frame")
    parser.add_argument("--only", default="", help="only receivers with this in their name")
    parser.add_argument("--idle", type=float, default=10, metavar="S", help="seconds of idling, 0 for none")
    parser.add_argument("--json", metavar="FILE", help="every step, as JSON")
    parser.add_argument("--send", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        send_here(options.send)
        return 0
    native.load("sender")
    found = []
    with namespaces():
        print(f"{'':22} {'bytes':>5} {'frames/s':>9} {'sent':>10} {'received':>10} {'missing':>9} {'CPU':>8}   load")
        for size in options.sizes.split(","):
            for rate in options.rates.split(","):
                for name in RECEIVERS:
                    if options.only in name:
                        found.append(step(name, options.seconds, int(size), float(rate)))
                        print(found[-1], flush=True)
        if options.idle:
            idle(options.idle)
    if options.json:
        Path(options.json).write_text(json.dumps([dataclasses.asdict(each) for each in found], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
