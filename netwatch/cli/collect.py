"""`netwatch read --exported` and `--source ipfix://HOST:PORT`: flows that exporters tell of, as flow records.

Of captures, and of what -i sees, export packets are those that the engine knows as NetFlow 5, 9, IPFIX or sFlow; at a
port each datagram is one. TCP is read from captures.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from netwatch.cli import emptiness, sandbox
from netwatch.cli.arg_types import parse_duration
from netwatch.cli.errors import EXIT_DAMAGED, CommandError, say
from netwatch.cli.ports import Port
from netwatch.cli.sampling import Exporters, faults
from netwatch.cli.signals import take
from netwatch.cli.sources import open_source, say_faults
from netwatch.collect.netflow import Collector
from netwatch.records.items import KeptItem
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch.model.record import Record
    from netwatch.records.output import Writes
    from netwatch.records.selection import Selection


class Interrupted:
    """Whether somebody wants it to end; by which signal."""

    def __init__(self) -> None:
        self.number = 0
        take(self._stop)

    def _stop(self, number: int, frame: object) -> None:
        self.number = number


def read(options: argparse.Namespace, kinds: set[str], selection: Selection, writer: Writes) -> int:
    """Print what passes; the exit code. Raises CommandError."""
    if kinds != {"flows"}:
        raise CommandError("exporters tell of flows: --what flows")
    if options.follow is not None or options.write:
        raise CommandError("exporters tell of flows, not of packets: without --follow and --write")
    stop = Interrupted()
    code = (_from_port if options.source else _from_source)(options, selection, writer, stop)
    return 128 + stop.number if stop.number else code or emptiness.matched(options, selection)


def _from_port(options: argparse.Namespace, selection: Selection, writer: Writes, stop: Interrupted) -> int:
    if options.files or options.interface or options.keylog:
        raise CommandError("--source is read alone, without files, -i and --keylog")
    until = None if options.duration is None else time.monotonic() + parse_duration(options.duration)
    port, collector = Port(options.source), Collector()
    sandbox.shut_in(options.settings)
    told = 0
    for data, exporter in port.datagrams(stop, until, options.count):
        found = collector.read(data, exporter) if data else []
        told += len(found)
        if _take(found, selection, writer):
            break
        if not data:
            writer.flush()
    _finish(selection, writer)
    for line in faults(collector):
        say(line)
    _say_of_none(told)
    return 0


def _from_source(options: argparse.Namespace, selection: Selection, writer: Writes, stop: Interrupted) -> int:
    with sandbox.closing(options.host):
        source = open_source(options)
        exporters = Exporters(options.settings)
        until = None if options.duration is None else time.monotonic() + parse_duration(options.duration)
        pipeline = Pipeline(source, want=("exports",), max_frames=options.count)
        sandbox.shut_in(options.settings)
        told = 0
        try:
            for step in pipeline.steps():
                found = [record for event in step.events for record in exporters.told(event)]
                told += len(found)
                if _take(found, selection, writer) or stop.number or (until is not None and time.monotonic() >= until):
                    break
                if step.idle:
                    writer.flush()
            last = exporters.finish()
            _take(last, selection, writer)
            _finish(selection, writer)
            exporters.say()
            say_faults(source)
            emptiness.no_packets(options, source)
            if source.frames_read:
                _say_of_none(told + len(last))
            return EXIT_DAMAGED if source.damaged else 0
        finally:
            pipeline.close()
            source.close()


def _say_of_none(told: int) -> None:
    if not told:
        say("no exporter told of a flow")


def _finish(selection: Selection, writer: Writes) -> None:
    """What was put in order, and the end of it."""
    for kind, piece in selection.ordered():
        writer.put(kind, piece)
    writer.close()
    sys.stdout.flush()


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
