"""What goes wrong on the command line: one clear line and the exit code of CONTRACT section 2."""

from __future__ import annotations

import sys

EXIT_FINDING = 1
EXIT_USAGE = 2
EXIT_PERMISSION = 3
EXIT_MISSING = 4
EXIT_DAMAGED = 5
EXIT_UNAVAILABLE = 69
EXIT_INTERNAL = 70


class CommandError(Exception):
    """An error the user can act upon. Its text is one line; `code` is the exit code."""

    def __init__(self, message: str, code: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.code = code


def say(line: str) -> None:
    """One line for the user."""
    print(f"netwatch: {line}", file=sys.stderr)
