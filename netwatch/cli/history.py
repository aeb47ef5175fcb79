"""`netwatch read --history [FROM..TO]`: flows that live captures left on disk (history.on), as they were recorded."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from netwatch.cli import sandbox
from netwatch.cli.errors import EXIT_DAMAGED, EXIT_MISSING, EXIT_PERMISSION, CommandError, say
from netwatch.history import store
from netwatch.records.items import KeptItem
from netwatch.records.selection import Selection

if TYPE_CHECKING:
    from netwatch.model.record import Record
    from netwatch.records.output import Writes
    from netwatch.store.settings import Settings

CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
END = (1 << 63) - 1
ALONE = ("files", "interface", "keylog", "follow", "write", "count", "duration")  # options that it has no use for


def read(options: argparse.Namespace, kinds: set[str], selection: Selection, writer: Writes,
         settings: Settings) -> int:
    """Print what passes; the exit code. Raises CommandError."""
    for name in ALONE:
        if getattr(options, name):
            raise CommandError(f"--history is read alone, without {'files' if name == 'files' else f'--{name}'}")
    if kinds != {"flows"}:
        raise CommandError("--history has flows; `--what flows`, or `netwatch sql --history`")
    sandbox.shut_in(settings)  # the file is of whoever called: root parses no database of somebody else's
    waits = selection.sort is not None
    for record in records(options.history):
        item = KeptItem("flow", record)
        if not selection.passes(item):
            continue
        if waits:
            selection.keep(item, writer.piece(item))
        elif selection.take(item.kind):
            writer.write(item)
        if selection.satisfied(kinds):
            break
    for kind, piece in selection.ordered():
        writer.put(kind, piece)
    writer.close()
    sys.stdout.flush()
    return 0


def records(text: str) -> Iterator[Record]:
    """The flows of that time. Raises CommandError."""
    first, last = span(text)
    try:
        there = store.span()
        if there is None:
            raise CommandError("there is no history: live captures leave one with history.on", EXIT_MISSING)
        if there.let_go:
            say(f"history: {there.let_go:,} older flows had to make room")
        yield from store.records(first, last)
    except store.HistoryError as e:
        raise CommandError(f"history: {e}", EXIT_PERMISSION if e.refused else EXIT_DAMAGED) from None


def span(text: str) -> tuple[int, int]:
    """(from, to) in ns of FROM..TO; each may be left out. Raises CommandError."""
    if not text:
        return 0, END
    first, dots, last = text.partition("..")
    if not dots:
        raise CommandError(f"--history {text}: FROM..TO, such as 10:00..11:00 or 2026-11-21..2026-11-22T08:30")
    found = _moment(first, 0), _moment(last, END)
    if found[0] >= found[1]:
        raise CommandError(f"--history {text}: ends before it begins")
    return found


def _moment(text: str, missing: int) -> int:
    """Of a time of today, or a date with or without a time; of this machine's zone where none is named."""
    if not text:
        return missing
    try:
        full = f"{date.today().isoformat()}T{text:0>5}" if CLOCK.fullmatch(text) else text
        return min(max(int(datetime.fromisoformat(full).astimezone().timestamp() * 1e9), 0), END)
    except (ValueError, OverflowError):
        raise CommandError(f"--history {text}: a time such as 10:00, or a date such as 2026-11-21T10:00") from None
