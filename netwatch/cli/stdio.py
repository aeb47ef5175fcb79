"""Standard input, output and error as every subcommand finds them: open, and able to show any text."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError
from netwatch.records.ascii_text import PLAIN

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from netwatch.records.tables import Look


class _Words(io.FileIO):
    """Standard error, which may be closed, full or left: what nobody can be told changes neither the exit code nor what
    goes to standard output."""

    def __init__(self) -> None:
        super().__init__(2, "w", closefd=False)

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def prepare() -> None:
    """Make sure that no file takes the place of a closed one, and that no locale breaks the output. Raises CommandError
    when there is nowhere to write to."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        sys.stderr = io.TextIOWrapper(io.BufferedWriter(_Words()), errors="backslashreplace", line_buffering=True)
    if sys.stdout is None:
        raise CommandError("the output cannot be written: standard output is closed", EXIT_UNAVAILABLE)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=PLAIN)


def shows_to_a_person() -> bool:
    """Both ends of the terminal are there."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def keys_from_terminal() -> str:
    """Where a capture comes through standard input, let keys come from the terminal itself; the path that the capture
    is to be read from, "-" where there is no terminal to turn to."""
    if shows_to_a_person() or not sys.stdout.isatty():
        return "-"
    try:
        keys = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return "-"
    capture = os.dup(0)
    os.dup2(keys, 0)
    os.close(keys)
    return f"/dev/fd/{capture}"


@contextlib.contextmanager
def paged(wanted: bool) -> Iterator[None]:
    """Standard output goes through a pager meanwhile, as git's does: $NETWATCH_PAGER, $PAGER or less, which ends by
    itself where all fits the screen; an empty one and `cat` are none. Only where a person looks. Quitting it is no
    error. Enter it before the process shuts itself in, and ask of the terminal before."""
    command = os.environ.get("NETWATCH_PAGER", os.environ.get("PAGER", "less")).strip()
    if not wanted or not shows_to_a_person() or command in ("", "cat") or not shutil.which(command.split()[0]):
        yield
        return
    import subprocess

    pager = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, env={"LESS": "FRX", **os.environ})
    assert pager.stdin is not None
    sys.stdout.flush()
    os.dup2(pager.stdin.fileno(), sys.stdout.fileno())
    pager.stdin.close()
    try:
        with contextlib.suppress(BrokenPipeError):
            yield
            sys.stdout.flush()
    finally:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # the pager's input ends; what it did not want is let go
        os.close(nowhere)
        while True:
            try:
                pager.wait()
                break
            except KeyboardInterrupt:  # it is the pager's
                continue


def width_of_table(wide: bool = False) -> int | None:
    """Columns of the terminal that tables must fit; None: there is none, or nothing is to be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() and not wide else None


def look_of_tables(wide: bool) -> Look:
    """How tables look on standard output. `wide`: nothing is cut."""
    from netwatch.records.tables import Look

    here = sys.stdout.isatty()
    colored = here and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return Look(width_of_table(wide), wide, colored)
