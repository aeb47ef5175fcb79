"""`netwatch read --history [FROM..TO]`: flows that live captures left on disk (history.on), as they were recorded.

With a moment instead, `--history 10:31:05`, the table of flows as it was then.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from netwatch._fast.out.naming import nanoseconds
from netwatch._fast.out.record import iso
from netwatch.cli import emptiness, sandbox
from netwatch.cli.errors import EXIT_DAMAGED, EXIT_MISSING, EXIT_PERMISSION, CommandError, say
from netwatch.history import moments, store
from netwatch.history.database import Damaged, HistoryError
from netwatch.model.session import Gone
from netwatch.records.items import KeptItem
from netwatch.records.selection import Selection
from netwatch.run.past_session import on_screen, records_of

if TYPE_CHECKING:
    from netwatch.history.tape import Kept
    from netwatch.model.record import Record
    from netwatch.records.output import Writes
    from netwatch.store.settings import Settings

CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
FINER = re.compile(r"\.\d{6}(\d{3})\b")
END = (1 << 63) - 1
ABSENT_NS = 120 * 10**9  # since the moment before: nobody captured
Key = tuple[object, ...]
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

    told = False

    def take(record: Record) -> bool:
        nonlocal told
        told = True
        item = KeptItem("flow", record)
        if selection.passes(item):
            if waits:
                selection.keep(item, writer.piece(item))
            elif selection.take(item.kind):
                writer.write(item)
        return not selection.satisfied(kinds)

    code = hand(options.history, settings, take)
    for kind, piece in selection.ordered():
        writer.put(kind, piece)
    writer.close()
    sys.stdout.flush()
    if not told:
        say("history: no flows of that time")
    return code or emptiness.matched(options, selection)


class Part(CommandError):
    """Not all of it is told: some is damaged."""


def hand(text: str, settings: Settings, take: Callable[[Record], object]) -> int:
    """All records() to `take`, while it does not answer False; the exit code. What is left out is said. Raises
    CommandError."""
    try:
        for record in records(text, settings):
            if take(record) is False:
                break
    except Part as e:
        say(str(e))
        return e.code
    return 0


def records(text: str, settings: Settings) -> Iterator[Record]:
    """The flows of that time, or of that moment. Raises CommandError, Part at the end."""
    timeouts = on_screen(settings)
    back = moments.Reader()
    try:
        if text and ".." not in text:
            yield from _table(back, _moment(text, 0), text, timeouts)
            _tell(back)
            return
        first, last = span(text)
        there = store.span()
        if there is None:
            raise CommandError("there is no history: live captures leave one with history.on", EXIT_MISSING)
        if there.let_go:
            say(f"history: {there.let_go:,} older flows had to make room")
        part = None
        try:
            still = {key: record for kept in back.left_open(first)
                     for key, record in _open(kept, first, last, timeouts)}
        except (Damaged, Gone, ValueError):
            still, part = {}, Damaged(f"{moments.path()}: the flows that were open at a moment of it are damaged")
        try:
            for record in store.records(first, last):
                still.pop(_key(record), None)
                yield record
        except Damaged as e:
            part = Damaged(f"{part}; {e}") if part is not None else e
        yield from still.values()
        _tell(back, part)
    except HistoryError as e:
        raise CommandError(f"history: {e}", EXIT_PERMISSION if e.refused else EXIT_DAMAGED) from None
    except (Gone, ValueError):
        raise CommandError(f"history: {moments.path()}: a moment of it is damaged", EXIT_DAMAGED) from None


def _tell(back: moments.Reader, part: Damaged | None = None) -> None:
    """Raises Part when something was left out."""
    runs = f"{moments.path()}: damaged runs that are left out: {back.left_out:,}" if back.left_out else ""
    found = "; ".join(each for each in (str(part or ""), runs) if each)
    if found:
        raise Part(f"history: {found}", EXIT_DAMAGED)


def _table(back: moments.Reader, ns: int, text: str, timeouts: dict[str, int]) -> Iterator[Record]:
    """The flows there were at a moment, in their order."""
    kept = back.at(ns)
    if back.left_out and (kept is None or not 0 <= ns - kept.moment.at_ns <= ABSENT_NS):
        _tell(back)  # who knows whether something was captured then
    if kept is None:
        raise CommandError("the moments that are kept are of another version of netwatch" if back.others else
                           "there are no moments of the past: live captures leave them with history.on", EXIT_MISSING)
    at_ns = kept.moment.at_ns
    if not 0 <= ns - at_ns <= ABSENT_NS:
        raise CommandError(f"--history {text}: nothing was captured then; the nearest moment is {iso(at_ns)}",
                           EXIT_MISSING)
    say(f"history: as of {iso(at_ns)}"
        + (f"; {kept.moment.left_out:,} flows are not in it" if kept.moment.left_out else ""))
    yield from sorted(records_of(kept, timeouts), key=lambda record: int(record["id"]))


def _open(kept: Kept, first: int, last: int, timeouts: dict[str, int]) -> Iterator[tuple[Key, Record]]:
    """The flows that were open at the last moment of a run that was killed, or goes on, with frames in that time."""
    for record in records_of(kept, timeouts):
        if "ended" not in record and nanoseconds(record["last"]) >= first and nanoseconds(record["first"]) < last:
            yield _key(record), record


def _key(record: Record) -> Key:
    return tuple(record.get(name) for name in ("id", "first", "src", "sport", "dst", "dport"))


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
        since = datetime.fromisoformat(full).astimezone() - datetime.fromtimestamp(0, UTC)
        finer = FINER.search(full)  # than datetime knows
        return min(max(since // timedelta(microseconds=1) * 1000 + int(finer[1] if finer else 0), 0), END)
    except (ValueError, OverflowError):
        raise CommandError(f"--history {text}: a time such as 10:00, or a date such as 2026-11-21T10:00") from None
