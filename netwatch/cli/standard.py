"""Standard input, output and error as every subcommand finds them: open, and able to show any text."""

from __future__ import annotations

import io
import os
import sys

from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError


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
