"""`netwatch read --exported` and `--source ipfix://HOST:PORT`: flows that exporters tell of, as flow records.

Of captures, and of what -i sees, export packets are those that the engine knows as NetFlow 5, 9 or IPFIX; at a port
each datagram is one. TCP is read from captures.
"""

from __future__ import annotations

import argparse
import ipaddress
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from netwatch.cli import sandbox
from netwatch.cli.amounts import parse_duration
from netwatch.cli.errors import EXIT_DAMAGED, CommandError, exit_code_of, say
from netwatch.cli.sources import open_source, say_faults
from netwatch.collect.netflow import Collector
from netwatch.records.items import KeptItem
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch.model.record import Record
    from netwatch.records.output import Writes
    from netwatch.records.selection import Selection

PORTS = {"ipfix": 4739, "netflow": 2055, "udp": 2055}
LARGEST = 65535
ROOM = 4 << 20  # bytes that wait in the kernel
TURN_S = 0.5
HEAD = 17  # octets of an event before the packet: how long the sender's address is, and 16 for it


class Interrupted:
    """Whether somebody wants it to end; by which signal."""

    def __init__(self) -> None:
        self.number = 0
        for each in ("SIGINT", "SIGTERM", "SIGHUP"):
            signal.signal(getattr(signal, each), self._stop)

    def _stop(self, number: int, frame: object) -> None:
        self.number = number


class Port:
    """Export packets that are sent to a port of this machine."""

    def __init__(self, text: str) -> None:
        """Raises CommandError."""
        host, port = address(text)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
            self._socket = socket.socket(found[0], socket.SOCK_DGRAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
            self._socket.bind(found[4])
        except OSError as e:
            raise CommandError(f"--source {text}: {e.strerror or e}", exit_code_of(e)) from None

    def datagrams(self, stop: Interrupted, until: float | None, count: int | None) -> Iterator[tuple[bytes, str]]:
        """(data, address of the exporter), until it is over; (b"", "") when nothing came for a while."""
        while not stop.number and (count is None or count > 0):
            left = TURN_S if until is None else min(TURN_S, until - time.monotonic())
            if left <= 0:
                return
            try:
                ready, _, _ = select.select([self._socket], [], [], left)
            except InterruptedError:
                continue
            if not ready:
                yield b"", ""
                continue
            data, sender = self._socket.recvfrom(LARGEST)
            count = None if count is None else count - 1
            yield data, str(sender[0]).partition("%")[0].removeprefix("::ffff:")


def address(text: str) -> tuple[str, int]:
    """(host, port) of a URL such as ipfix://127.0.0.1:2055. Raises CommandError."""
    wrong = CommandError(f"--source {text}: ipfix://ADDRESS[:PORT], or netflow://")
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
        ipaddress.ip_address(host or "")
    except ValueError:
        raise wrong from None
    if url.scheme not in PORTS or url.path not in ("", "/") or url.query or url.username or host is None:
        raise wrong
    return host, port or PORTS[url.scheme]


def read(options: argparse.Namespace, kinds: set[str], selection: Selection, writer: Writes) -> int:
    """Print what passes; the exit code. Raises CommandError."""
    if kinds != {"flows"}:
        raise CommandError("exporters tell of flows: --what flows")
    if options.follow is not None or options.write:
        raise CommandError("exporters tell of flows, not of packets: without --follow and --write")
    collector = Collector()
    stop = Interrupted()
    code = _from_port(options, collector, selection, writer, stop) if options.source else \
        _from_source(options, collector, selection, writer, stop)
    for kind, piece in selection.ordered():
        writer.put(kind, piece)
    writer.close()
    sys.stdout.flush()
    _say(collector)
    return 128 + stop.number if stop.number else code


def _from_port(options: argparse.Namespace, collector: Collector, selection: Selection, writer: Writes,
               stop: Interrupted) -> int:
    if options.files or options.interface or options.keylog:
        raise CommandError("--source is read alone, without files, -i and --keylog")
    until = None if options.duration is None else time.monotonic() + parse_duration(options.duration)
    port = Port(options.source)
    sandbox.shut_in(options.settings)
    for data, exporter in port.datagrams(stop, until, options.count):
        if _take(collector.read(data, exporter) if data else [], selection, writer):
            break
        if not data:
            writer.flush()
    return 0


def _from_source(options: argparse.Namespace, collector: Collector, selection: Selection, writer: Writes,
                 stop: Interrupted) -> int:
    with sandbox.closing(options.host):
        source = open_source(options)
        until = None if options.duration is None else time.monotonic() + parse_duration(options.duration)
        pipeline = Pipeline(source, want=("exports",), max_frames=options.count)
        sandbox.shut_in(options.settings)
        try:
            for step in pipeline.steps():
                found = [record for event in step.events for record in collector.read(event.payload[HEAD:],
                                                                                      sender(event.payload))]
                if _take(found, selection, writer) or stop.number or (until is not None and time.monotonic() >= until):
                    break
                if step.idle:
                    writer.flush()
            say_faults(source)
            return EXIT_DAMAGED if source.damaged else 0
        finally:
            pipeline.close()
            source.close()


def sender(payload: bytes) -> str:
    """The exporter's address, of an event."""
    return str(ipaddress.ip_address(payload[1:1 + payload[0]]))


def _take(records: list[Record], selection: Selection, writer: Writes) -> bool:
    """Print them, as far as they pass; is that all that is wanted?"""
    for record in records:
        item = KeptItem("flow", record)
        if not selection.passes(item):
            continue
        if selection.sort is not None:
            selection.keep(item, writer.piece(item))
        elif selection.take(item.kind):
            writer.write(item)
        if selection.satisfied({"flows"}):
            return True
    return False


def _say(collector: Collector) -> None:
    """What was not understood."""
    if collector.malformed:
        say(f"{collector.malformed:,} of {collector.packets:,} export packets do not fit their form")
    if collector.unknown:
        say(f"{collector.unknown:,} sets came before their templates and were not read")
