"""Frames that agents sampled as a capture: what sflow.py reads goes as pcapng through a pipe, at whose other end is a
Source like any other."""

from __future__ import annotations

import contextlib
import os

from netwatch._fast.input.pcapng import Pcapng
from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.collect.sflow import Counted, Datagrams, Frame

INTERFACES = 1000  # of all agents; what comes of more is of the last
ROOM = 1 << 20  # bytes of the pipe
HEAD = 32  # of the capture, which its reader is given beforehand


class Sampled:
    """The capture. A frame's time is that of the datagram it came with, which has none of its own; its interface is
    called after its agent and index. What interfaces dropped, by their counters, and what agents lost is in its
    statistics, since the first word of each."""

    def __init__(self) -> None:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        with contextlib.suppress(OSError, ImportError):
            import fcntl

            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, ROOM)
        self.datagrams = Datagrams()
        self._writer = CaptureWriter("sFlow", fd=writing)
        self._writer.flush()
        self.source = Pcapng(reading, "sFlow", os.read(reading, HEAD), 0, True, None)
        self._numbers: dict[tuple[str, int, int], int] = {}  # of interfaces, by agent, index and kind of link
        self._counted: dict[tuple[str, int], tuple[int, int]] = {}  # drops, first and newest
        self._lost: dict[tuple[str, int], tuple[int, int]] = {}  # first and newest
        self._said: dict[int, tuple[int, int]] = {}  # of interfaces: what they dropped and agents lost
        self.rates: set[int] = set()
        self.frames = 0

    def take(self, data: bytes, now_ns: int) -> None:
        """A datagram; waits for the reader. Raises OSError when there is none any more."""
        for found in self.datagrams.read(data):
            of = found.agent, found.interface
            if isinstance(found, Counted):
                _note(self._counted, of, found.drops)
                continue
            _note(self._lost, of, found.lost)
            if len(self.rates) < INTERFACES:
                self.rates.add(found.rate)
            self.frames += 1
            self._writer.write(found.data, now_ns, found.length, self._number(found))

    def flush(self) -> None:
        """What was taken is the reader's. Raises OSError."""
        for (agent, index, _), number in self._numbers.items():
            now = _grown(self._counted, (agent, index)), _grown(self._lost, (agent, index))
            if now != self._said.get(number, (0, 0)):
                self._said[number] = now
                self._writer.add_statistics(number, {"received": 0, "interface_drops": now[0], "kernel_drops": now[1],
                                                     "ring_drops": 0})
        self._writer.flush()

    def close(self) -> None:
        """Nothing more comes."""
        with contextlib.suppress(OSError):
            self._writer.close()

    def _number(self, frame: Frame) -> int:
        key = frame.agent, frame.interface, frame.link
        number = self._numbers.get(key)
        if number is None:
            if len(self._numbers) >= INTERFACES:
                return next((n for (_, _, link), n in self._numbers.items() if link == frame.link), 0)
            number = self._numbers[key] = self._writer.add_interface(
                f"{frame.agent} {frame.interface}", frame.link, 65535, f"sFlow, one frame of {frame.rate}")
        return number

    def told(self) -> list[str]:
        """What is to be said of it in the end."""
        said = self.datagrams
        lines = []
        if self.rates - {1}:
            rates = ", ".join(f"{rate:,}" for rate in sorted(self.rates)[:8])
            lines.append(f"sFlow has one frame of {rates}: packets and bytes are those of samples")
        if said.malformed:
            lines.append(f"{said.malformed:,} of {said.packets:,} sFlow datagrams do not fit their form")
        if said.unread:
            lines.append(f"{said.unread:,} of {said.samples:,} sFlow samples hold nothing that is read")
        return lines


def _note(counts: dict[tuple[str, int], tuple[int, int]], of: tuple[str, int], count: int) -> None:
    if of in counts or len(counts) < INTERFACES:
        counts[of] = counts.get(of, (count, 0))[0], count


def _grown(counts: dict[tuple[str, int], tuple[int, int]], of: tuple[str, int]) -> int:
    first, newest = counts.get(of, (0, 0))
    return (newest - first) & 0xFFFFFFFF
