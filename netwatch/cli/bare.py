"""`--write --bare`: the frames that pass, and nothing else. Where the filter asks no more than what stands in a frame's
headers, they are copied while they are read, and no flow is followed."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from netwatch.cli import emptiness, sandbox
from netwatch.cli.errors import EXIT_DAMAGED, CommandError, say
from netwatch.cli.saving import Saving
from netwatch.cli.signals import stopped_by
from netwatch.cli.sources import open_source, say_faults
from netwatch.records.reading import speaks_of_flows

if TYPE_CHECKING:

    from netwatch._fast.input.source import Source
    from netwatch.records.selection import Selection

# what an option is when it is not given: there are no records, and files alone are read
NOT_BESIDE: tuple[tuple[str, object], ...] = (
    ("what", "flows"), ("fields", None), ("sort", None), ("limit", None), ("format", None), ("time", "iso"),
    ("flat", False), ("wide", False), ("by", None), ("follow", None), ("with_secrets", False), ("interface", []),
    ("source", None), ("exported", False), ("history", None), ("each", False), ("scheduler", None),
    ("show_secrets", False), ("resolve", False), ("no_pager", False), ("flush", False))
# of how flows are followed
OF_FLOWS: tuple[tuple[str, object], ...] = (("keylog", []), ("workers", 1), ("no_dpi", False), ("copies", None))


def check(options: argparse.Namespace) -> None:
    """Raises CommandError for an option that would have no effect."""
    if options.write is None:
        raise CommandError("--bare goes with --write")
    for name, unused in NOT_BESIDE:
        if getattr(options, name) != unused:
            raise CommandError(f"--bare writes frames and shows no records: it does not go with "
                               f"--{name.replace('_', '-')}")


def straight(options: argparse.Namespace, selection: Selection) -> bool:
    """Does whether a frame passes stand in its own headers?"""
    from netwatch._fast.view.framecopy import HEADERS
    from netwatch.filter.distinct import classes_of

    where = selection.where
    if options.settings.of("flows.copies") == "drop":
        return False
    return where is None or (HEADERS.issuperset(classes_of(where.node, "packet"))
                             and not speaks_of_flows(where, ("packet",)))


def copied(options: argparse.Namespace, selection: Selection) -> int:
    """Copy them; the exit code. Raises CommandError, also for an option of how flows are followed."""
    for name, unused in OF_FLOWS:
        if getattr(options, name) != unused:
            raise CommandError(f"--{name.replace('_', '-')} has no effect: --bare follows no flow where the filter "
                               "asks for headers alone")
    from netwatch._fast.view.framecopy import FrameCopy
    from netwatch.filter.distinct import classes_of

    where = selection.where
    stopped: list[int] = []

    def stop(number: int, frame: object) -> None:
        stopped.append(number)
        source.interrupt()

    source: Source = open_source(options)
    try:
        saving = Saving(options, None)
        try:
            sandbox.shut_in(options.settings, [os.environ.get("SSLKEYLOGFILE", "")])
            copy = FrameCopy(source.interfaces, classes_of(where.node, "packet") if where is not None else {},
                             (lambda record: where.matches(record, None)) if where is not None else None)
            with stopped_by(stop):
                written = saving.straight(source, lambda writer: copy.copy(source, writer, options.count,
                                                                           lambda: not stopped))
        finally:
            saving.drop()
        selection.count("packet", copy.seen, written)
        say_faults(source)
        emptiness.no_packets(options, source)
        say(f"{source.frames_read:,} packets read, {source.bytes_read:,} bytes of input", detail=True)
        if stopped:
            return 128 + stopped[0]
        return EXIT_DAMAGED if source.damaged else emptiness.matched(options, selection, {"packets"},
                                                                     source.frames_read)
    finally:
        source.close()
