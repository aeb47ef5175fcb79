"""What goes wrong on the command line: one clear line and the exit code of CONTRACT section 2."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

EXIT_FINDING = 1
EXIT_USAGE = 2
EXIT_PERMISSION = 3
EXIT_MISSING = 4
EXIT_DAMAGED = 5
EXIT_UNAVAILABLE = 69
EXIT_INTERNAL = 70


_level = 1  # 0 quiet, 1 what matters, 2 all
_clear: Callable[[], None] | None = None  # takes away the line that says how far a reading is
_log: Callable[[str, str], None] | None = None  # takes a severity and a line


class CommandError(Exception):
    """An error the user can act upon. Its text is one line; `code` is the exit code."""

    def __init__(self, message: str, code: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.code = code


def exit_code_of(error: OSError) -> int:
    """Of a file that cannot be opened."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EXIT_PERMISSION
    return EXIT_MISSING if error.errno in (errno.ENOENT, errno.ENOTDIR) else EXIT_USAGE


def speak(quiet: bool, more: bool) -> None:
    """How much say() says from now on."""
    global _level
    _level = 0 if quiet else 2 if more else 1


def log_with(log: Callable[[str, str], None] | None) -> None:
    """What is said from now on goes there too, whatever speak() had."""
    global _log
    _log = log


def clear_with(clear: Callable[[], None] | None) -> None:
    """A line stands on the terminal of standard error that this takes away; None: there is none any more."""
    global _clear
    _clear = clear


def free_line() -> None:
    """What is said next begins a line of its own."""
    if _clear is not None:
        _clear()


def note(severity: str, line: str) -> None:
    """A line for the log alone, where there is one: "error", "warning" or "info"."""
    if _log is not None:
        _log(severity, line)


def say(line: str, detail: bool = False) -> None:
    """One line for the user, who may want none; `detail`: for who wants them all. Errors are raised."""
    note("info" if detail else "warning", line)
    if _level > detail:
        free_line()
        print(f"netwatch: {line}", file=sys.stderr)
