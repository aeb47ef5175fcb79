"""What is said where nothing came of a command, so that its silence is not taken for an answer.

That there was nothing to look at is always said. That all of it was left out, by a filter or because it is of another
kind, is said at a terminal: scripts see it by what is printed, or ask for an exit code.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from netwatch.cli.errors import EXIT_FINDING, say
from netwatch.records.selection import Selection, plural, singular

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.stats.table import Table


def at_terminal(line: str) -> None:
    """Say it to somebody who watches."""
    if sys.stderr.isatty():
        say(line)


def no_packets(options: argparse.Namespace, source: Source) -> None:
    """Where none were read, though some could have been: say so."""
    if source.frames_read or source.damaged or options.count == 0:
        return
    if options.interface:
        passing = f" that pass {options.capture_filter}" if options.capture_filter else ""
        say(f"no packets came on {', '.join(options.interface)}{passing}")
    elif options.files:
        files = options.files
        say(f"{'standard input' if files == ['-'] else files[0] if len(files) == 1 else f'{len(files)} files'}: "
            "no packets")


def matched(options: argparse.Namespace, selection: Selection, kinds: Iterable[str] = (), packets: int = 0) -> int:
    """Say at a terminal that nothing passed the filter; the exit code, of which --exit-status makes a finding. `kinds`:
    what was looked for in so many packets."""
    if selection.where is None or selection.matched.total():
        return 0
    if selection.seen:
        at_terminal(", ".join(f"0 of {count:,} {plural(kind)}" for kind, count in selection.seen.items()) + " matched")
    else:
        none_of(kinds, packets)
    return EXIT_FINDING if options.exit_status else 0


def none_of(kinds: Iterable[str], packets: int) -> None:
    """Say at a terminal that there are no records of these kinds. Of no packets it was said already."""
    named = [plural(singular(kind)) for kind in sorted(kinds)]
    if named and packets:
        at_terminal(f"no {' and no '.join(named)} in {packets:,} packets")


def no_rows(what: str, tables: Iterable[Table], selection: Selection, packets: int) -> None:
    """The same where records are summed up, and those that passed the filter come to nothing."""
    passed = selection.where is None or selection.matched.total()
    if packets and passed and not any(len(each.rows) for each in tables):
        at_terminal(f"{what}: nothing in {packets:,} packets")
