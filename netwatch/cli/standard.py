"""Standard input, output and error as every subcommand finds them: open, and able to show any text."""

from __future__ import annotations

import io
import os
import shutil
import sys
from typing import TYPE_CHECKING

from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError

if TYPE_CHECKING:
    from netwatch.records.tables import Look


def prepare() -> None:
    """Make sure that no file takes the place of a closed one, and that no locale breaks the output. Raises CommandError
    when there is nowhere to write to."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)  # nobody reads what is said there, but it can be said
    if sys.stdout is None:
        raise CommandError("the output cannot be written: standard output is closed", EXIT_UNAVAILABLE)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def shows_to_a_person() -> bool:
    """Both ends of the terminal are there."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def look_of_tables(wide: bool) -> Look:
    """How tables look on standard output. `wide`: nothing is cut."""
    from netwatch.records.tables import Look

    here = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if here and not wide else None
    bold = here and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return Look(width, wide, bold)
