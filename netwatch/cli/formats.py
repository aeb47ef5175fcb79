"""The formats of `read`: our own, those of other programs, and tables for analysis; which options each takes."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError
from netwatch.records.writers import FORMATS

if TYPE_CHECKING:
    from netwatch.model.record import Record
    from netwatch.records.output import Writes

FOREIGN = ("zeek", "eve")
TABLES = ("arrow", "parquet")
ALL = (*FORMATS, *FOREIGN, *TABLES)


def check(style: str, kinds: set[str], options: argparse.Namespace) -> None:
    """Raises CommandError where the format does not take the kinds, or an option."""
    if style in ("csv", *TABLES) and len(kinds) > 1:
        raise CommandError(f"--format {style} takes one kind of record; name one with --what")
    if style in FOREIGN:
        from netwatch.records.foreign import KINDS

        if not kinds <= KINDS:
            raise CommandError(f"--format {style} has words for {', '.join(sorted(KINDS))}, not for "
                               f"{', '.join(sorted(kinds - KINDS))}")
        _refuse(style, options, "fields", "flat", "time")
    elif style in TABLES:
        if kinds == {"summary"}:
            raise CommandError(f"--format {style} is of records; the summary is one: --format json")
        _refuse(style, options, "sort", "flat", "time")
        if sys.stdout.isatty():
            raise CommandError(f"--format {style} is not for a terminal: redirect it into a file")


def _refuse(style: str, options: argparse.Namespace, *names: str) -> None:
    for name in names:
        if getattr(options, name) not in (None, False, "iso"):
            raise CommandError(f"--format {style} and --{name} do not go together")


def open_other(style: str, interfaces: list[Record], options: argparse.Namespace) -> Writes | None:
    """Who writes that format to standard output; None where it is one of our own."""
    if style in FOREIGN:
        from netwatch.records.foreign import ForeignWriter

        return ForeignWriter(style, sys.stdout.buffer)
    if style not in TABLES:
        return None
    from netwatch.records.arrow import Missing
    from netwatch.records.selection import singular
    from netwatch.records.tablefile import TableWriter
    from netwatch.records.validation import own_paths

    kind = singular("alert" if options.what == "alerts" else options.what)
    names = None if options.names is None else own_paths(options.names, [kind])
    if names == []:
        raise CommandError(f"--format {style}: {', '.join(options.names)}: of flows; {kind} records have not got it")
    try:
        return TableWriter(style, sys.stdout.buffer, kind, names, interfaces)
    except Missing as e:
        raise CommandError(f"--format {style}: {e}", EXIT_UNAVAILABLE) from None
