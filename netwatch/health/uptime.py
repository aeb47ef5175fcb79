"""When the ways out were up and when down, kept in the state folder: spans of time, one after the other.

A span is written as it grows, so that nothing but its last round is lost with the process. What no span covers was not
monitored, and is counted as neither up nor down.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from netwatch.health.watch import DOWN, UP, Way
from netwatch.store import files
from netwatch.store.tables import TableError, opened

VERSION = 1
TABLE = """CREATE TABLE IF NOT EXISTS spans (start INTEGER PRIMARY KEY, until INTEGER NOT NULL, state TEXT NOT NULL,
    hop TEXT NOT NULL, reason TEXT NOT NULL)"""
WHAT = "log of outages"
DAY_NS = 86_400 * 10**9
REASON_MOST = 200


class Span(NamedTuple):
    """Times in ns since 1970; `hop` is what failed, "" of what was up."""

    start: int
    until: int
    state: str
    hop: str
    reason: str


class Keeper:
    """Writes; the only one of this folder: a second one keeps nothing."""

    def __init__(self, path: Path, keep_days: int, gap_ns: int) -> None:
        """`gap_ns`: what lies farther apart was not monitored in between. Raises TableError."""
        self._path, self._keep_ns, self._gap_ns = path, keep_days * DAY_NS, gap_ns
        self._lock: int | None = None
        try:
            with files.as_caller():
                files.make_folder(path.parent)
                self._lock = os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW,
                                     0o600)
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
        except OSError as e:
            self.close()
            raise TableError(f"{path}: {e.strerror}", denied=isinstance(e, PermissionError)) from None

    @property
    def writes(self) -> bool:
        """False where another process does."""
        return self._lock is not None

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def put(self, now_ns: int, way: Way) -> None:
        """It is so now, and has been since then. Raises TableError."""
        if way.state not in (UP, DOWN) or not self.writes:
            return
        hop, reason = (way.kind, way.reason[:REASON_MOST]) if way.state == DOWN else ("", "")
        with opened(self._path, TABLE, VERSION, what=WHAT, write=True) as base:
            base.execute("DELETE FROM spans WHERE until < ? OR start > ?", (now_ns - self._keep_ns, now_ns))
            base.execute("UPDATE spans SET until = ? WHERE until > ?", (now_ns, now_ns))  # the clock went back
            last = base.execute("SELECT * FROM spans ORDER BY start DESC LIMIT 1").fetchone()
            before = Span(*last) if last is not None else None
            near = before is not None and now_ns - before.until <= self._gap_ns
            if before is not None and near and (before.state, before.hop) == (way.state, hop):
                base.execute("UPDATE spans SET until = ? WHERE start = ?", (now_ns, before.start))
                return
            start = now_ns
            if before is not None and near:
                over = before.start + 1 if before.state != way.state else before.until  # up was not sure to the end
                start = min(now_ns, max(over, way.since_ns))
                base.execute("UPDATE spans SET until = ? WHERE start = ?", (start, before.start))
            base.execute("INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?, ?)", (start, now_ns, way.state, hop, reason))


def spans(path: Path, since_ns: int, until_ns: int) -> list[Span]:
    """Those that reach into that time, cut to it. Raises TableError."""
    with opened(path, TABLE, VERSION, what=WHAT, write=False) as base:
        found = base.execute("SELECT * FROM spans WHERE until > ? AND start < ? ORDER BY start",
                             (since_ns, until_ns)).fetchall()
    return [Span(max(start, since_ns), min(until, until_ns), str(state), str(hop), str(reason))
            for start, until, state, hop, reason in found]


def forget(path: Path, before_ns: int) -> int:
    """Remove the spans that ended before, and overwrite them; how many. Raises TableError."""
    with opened(path, TABLE, VERSION, what=WHAT, write=True) as base:
        base.execute("PRAGMA secure_delete = ON")
        return base.execute("DELETE FROM spans WHERE until < ?", (before_ns,)).rowcount


class Uptime(NamedTuple):
    """Of a time: nanoseconds of each; `outages` in order."""

    since: int
    until: int
    up: int
    down: int
    outages: tuple[Span, ...]

    @property
    def unmonitored(self) -> int:
        return self.until - self.since - self.up - self.down

    @property
    def percent(self) -> float | None:
        """Up, of what was monitored; None when nothing was."""
        seen = self.up + self.down
        return 100 * self.up / seen if seen else None


def summed(found: list[Span], since_ns: int, until_ns: int) -> Uptime:
    """An outage whose failing hop changed is one for each hop."""
    lengths = {state: sum(span.until - span.start for span in found if span.state == state) for state in (UP, DOWN)}
    return Uptime(since_ns, until_ns, lengths[UP], lengths[DOWN],
                  tuple(span for span in found if span.state == DOWN))
