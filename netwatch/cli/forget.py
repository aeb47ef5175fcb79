"""`netwatch forget`: remove what netwatch has kept on this disk of what went by: the recorder's windows and incidents,
the history, and what else doctor lists."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from netwatch.cli import caller_files
from netwatch.cli.arg_types import parse_duration
from netwatch.cli.errors import EXIT_PERMISSION, EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.history.database import HistoryError
from netwatch.recorder import window
from netwatch.store import files
from netwatch.store.folders import state_folder

AGE = re.compile(r"\d+(?:\.\d+)?(?:ms|s|m|h|d)")
DAY_S = 86_400.0
MOST_S = 9.2e9  # since 1970; times in ns have 63 bits


def main(arguments: list[str]) -> int:
    p = Parser(prog="netwatch forget", description=__doc__, epilog="`netwatch doctor` lists what there is. Files that "
               "you named yourself (--write, record --output, bundles) are yours to remove.")
    which = p.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="everything")
    which.add_argument("--before", metavar="WHEN", help="what ended before: a date, a time, or an age such as 7d")
    options = p.parse_args(arguments)
    limit = None if options.all else moment(options.before)
    gone, left = 0, 0
    with files.as_caller():
        for each in list(window.kept()):
            if each.in_use or (limit is not None and each.changed >= limit):
                left += 1
            else:
                window.remove(each.folder)
                gone += 1
                left += each.folder.exists()
        before = None if limit is None else int(min(max(limit, 0), MOST_S) * 1e9)
        try:
            others, trouble = caller_files.forget_others(before)
            flows, moments, whole = caller_files.forget(before)
        except HistoryError as e:
            raise CommandError(f"history: {e}", EXIT_PERMISSION if e.refused else EXIT_UNAVAILABLE) from None
    say(f"{gone} removed, {left} left in {window.root()}; {flows:,} flows of the history removed, {moments:,} moments"
        + (f", {whole} of its files that are damaged or of another version" if whole else "")
        + (f"; {others} other files of {state_folder()}" if others else ""))
    if trouble:
        raise CommandError("; ".join(trouble), EXIT_UNAVAILABLE)
    return 0


def moment(text: str) -> float:
    """Seconds since 1970 of a date, a time (UTC where no zone is named), or an age. Raises CommandError."""
    if AGE.fullmatch(text):
        days = text.endswith("d")
        return time.time() - (float(text[:-1]) * DAY_S if days else parse_duration(text))
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise CommandError(f"--before {text}: a date such as 2026-11-21, a time, or an age such as 7d or 12h") from None
