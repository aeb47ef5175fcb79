"""`--log-file`: what netwatch says and what went wrong, with the time of this machine's clock, in a file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from netwatch.cli.errors import CommandError, exit_code_of, log_with, note
from netwatch.store import files

LEVELS = ("error", "warning", "info")


def add_options(group: argparse._ActionsContainer) -> None:
    """The options, to a group of a parser's."""
    group.add_argument("--log-file", metavar="FILE", help="append what is said on standard error to it, with the time")
    group.add_argument("--log-level", choices=LEVELS, help="with --log-file: the least that goes in; default warning")


def begin(options: argparse.Namespace) -> None:
    """Open the file, before the process shuts itself in. Raises CommandError."""
    log_with(None)
    if options.log_file is None:
        if options.log_level is not None:
            raise CommandError("--log-level goes with --log-file")
        return
    import logging

    path = options.log_file
    if path == "-" or any(os.path.exists(each) and os.path.exists(path) and os.path.samefile(each, path)
                          for each in options.files):
        raise CommandError(f"--log-file {path}: " + ("name a file" if path == "-" else "that is what is read"))
    try:
        with files.as_caller():
            files.refuse_shared(Path(path).parent)
            number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as e:
        raise CommandError(f"--log-file {path}: {e.strerror}", exit_code_of(e)) from None
    handler = logging.StreamHandler(os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    log = logging.getLogger("netwatch")
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel((options.log_level or "warning").upper())
    log_with(lambda severity, line: log.log(logging.getLevelNamesMapping()[severity.upper()], "%s", _clean(line)))
    note("info", f"{' '.join(options.files + options.interface)}: begun by process {os.getpid()}")


def _clean(line: str) -> str:
    """One line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else "\ufffd" for c in line)
