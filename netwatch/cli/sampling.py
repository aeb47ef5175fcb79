"""Frames that sFlow agents sampled, read like a capture: as they are sent to a port (`--source sflow://ADDRESS`), or in
captures beside what exporters tell (`--exported`)."""

from __future__ import annotations

import argparse
import ipaddress
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from netwatch.cli.errors import CommandError, say
from netwatch.cli.ports import Port
from netwatch.collect.netflow import Collector
from netwatch.collect.sampled import Sampled
from netwatch.records.reading import Order, Reading
from netwatch.records.selection import Selection

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.model.event import Event
    from netwatch.model.record import Record
    from netwatch.store.settings import Settings

END_S = 2.0
HEAD = 17  # octets of an event before the packet: how long the sender's address is, and 16 for it
SFLOW = bytes((0, 0, 0, 5))  # how its datagrams begin


class Feed:
    """From a port into a capture, in a thread of its own. Raises CommandError."""

    def __init__(self, options: argparse.Namespace) -> None:
        if options.files or options.interface:
            raise CommandError("--source is read alone, without files and -i")
        self._port = Port(options.source)
        self._sampled = Sampled()
        self._thread = threading.Thread(target=self._run, name="sflow", daemon=True)
        self.number = 0  # of the signal that ends it: what Port looks at

    @property
    def source(self) -> Source:
        return self._sampled.source

    def begin(self) -> None:
        """Once the process has given up its rights."""
        self._thread.start()

    def end(self) -> None:
        """Take no more, and say what there is to say."""
        self.number = -1
        self._thread.join(END_S)
        for line in self._sampled.told():
            say(line)

    def _run(self) -> None:
        try:
            for data, _ in self._port.datagrams(self, None, None):
                if data:
                    self._sampled.take(data, time.time_ns())
                self._sampled.flush()
        except OSError:
            return  # nobody reads any more
        finally:
            self._sampled.close()


class Flows:
    """The flows of frames that were sampled, read in a thread of its own while they are found."""

    def __init__(self, settings: Settings) -> None:
        self.sampled = Sampled()
        self._reading = Reading(Order(frozenset({"flows"}), settings, lists=settings.lists), self.sampled.source,
                                Selection(None, None, None))
        self._found: deque[Record] = deque()
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sflow", daemon=True)
        self._begun = False

    def take(self, data: bytes, now_ns: int) -> list[Record]:
        """A datagram; the flows that are over by now."""
        if not self._begun:
            self._begun = True
            self._thread.start()
        try:
            self.sampled.take(data, now_ns)
            self.sampled.flush()
        except OSError:
            self._thread.join()
            if self._fault is not None:
                raise self._fault from None
            raise
        return self._taken()

    def finish(self) -> list[Record]:
        """Nothing more comes: those that are left."""
        self.sampled.close()
        if self._begun:
            self._thread.join()
        self._reading.close()
        self.sampled.source.close()
        if self._fault is not None:
            raise self._fault
        return self._taken()

    def _taken(self) -> list[Record]:
        return [self._found.popleft() for _ in range(len(self._found))]

    def _run(self) -> None:
        try:
            maker = self._reading.maker()
            for step in self._reading.steps():
                self._found.extend(maker.records(step))
        except Exception as e:
            self._fault = e
            self.sampled.source.close()


class Exporters:
    """What packets of exporters tell of, all numbered as one. `collector` counts what does not fit."""

    def __init__(self, settings: Settings) -> None:
        self.collector = Collector()
        self._sampled = Flows(settings)

    def told(self, event: Event) -> list[Record]:
        """The flows of a packet; samples are of none until their flow is over."""
        packet: bytes = event.payload[HEAD:]
        if packet[:4] == SFLOW:
            return self.collector.numbered(self._sampled.take(packet, event.time_ns))
        return self.collector.read(packet, sender(event.payload))

    def finish(self) -> list[Record]:
        """Nothing more comes: flows that are left."""
        return self.collector.numbered(self._sampled.finish())

    def say(self) -> None:
        """What was not understood."""
        for line in (*faults(self.collector), *self._sampled.sampled.told()):
            say(line)


def sender(payload: bytes) -> str:
    """The exporter's address, of an event."""
    return str(ipaddress.ip_address(payload[1:1 + payload[0]]))


def faults(collector: Collector) -> list[str]:
    """What was not understood."""
    found = []
    if collector.malformed:
        found.append(f"{collector.malformed:,} of {collector.packets:,} export packets do not fit their form")
    if collector.unknown:
        found.append(f"{collector.unknown:,} sets came before their templates and were not read")
    return found
