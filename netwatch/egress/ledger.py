"""The ledger: bytes by day, program, container and destination, kept in the state folder across restarts.

Nothing is written unless it was asked for (egress.keep). Days are UTC. SQLite's log of changes (WAL) makes what was
committed survive a crash; what is older than egress.keep_days is forgotten when something is added.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from netwatch.egress.destinations import Destinations
from netwatch.store import files

VERSION = 1
LIVES = "name TEXT NOT NULL, address TEXT NOT NULL, port INTEGER NOT NULL, proto TEXT NOT NULL"
TABLE = f"""CREATE TABLE IF NOT EXISTS ways (day TEXT NOT NULL, who TEXT NOT NULL, container TEXT NOT NULL, {LIVES},
    asn INTEGER, org TEXT, flows INTEGER NOT NULL, bytes_out INTEGER NOT NULL, bytes_in INTEGER NOT NULL,
    first TEXT NOT NULL, last TEXT NOT NULL,
    PRIMARY KEY (day, who, container, name, address, port, proto)) WITHOUT ROWID"""
ADD = """INSERT INTO ways VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET flows = flows + excluded.flows, bytes_out = bytes_out + excluded.bytes_out,
    bytes_in = bytes_in + excluded.bytes_in, first = min(first, excluded.first), last = max(last, excluded.last),
    asn = coalesce(excluded.asn, asn), org = coalesce(excluded.org, org)"""
GROUPS = {"program": "who", "container": "container", "host": "CASE name WHEN '' THEN address ELSE name END",
          "day": "day", "month": "substr(day, 1, 7)"}


class LedgerError(Exception):
    """One line for the user; `denied`: the ledger may not be read or written."""

    def __init__(self, message: str, denied: bool = False) -> None:
        super().__init__(message)
        self.denied = denied


class Sum(NamedTuple):
    """Of one group; bytes of frames."""

    group: tuple[str, ...]
    flows: int
    bytes_out: int
    bytes_in: int
    destinations: int
    first: str
    last: str


def add(path: Path, seen: Destinations, keep_days: int) -> int:
    """Put down what was seen; how many rows that made. A way counts on the day of its newest packet. Raises
    LedgerError."""
    with _opened(path, write=True) as base:
        count = _put(base, seen)
        newest = base.execute("SELECT max(day) FROM ways").fetchone()[0]
        if newest is not None:
            oldest = (datetime.fromisoformat(newest) - timedelta(days=keep_days)).date().isoformat()
            base.execute("DELETE FROM ways WHERE day < ?", (oldest,))
    return count


def _put(base: sqlite3.Connection, seen: Destinations) -> int:
    rows = [((each.span.last or "")[:10], way.who, way.container, way.name, way.address, way.port or 0, way.proto,
             each.asn, each.org or None, each.flows, each.bytes_out, each.bytes_in, each.span.first or "",
             each.span.last or "")
            for way, each in seen.seen.items()]
    base.executemany(ADD, rows)
    return len(rows)


def sums(path: Path, by: tuple[str, ...], since: str | None = None) -> list[Sum]:
    """By these of GROUPS, the most bytes first; `since`: not before that day. Raises LedgerError."""
    with _opened(path, write=False) as base:
        return _sums(base, by, since)


def sums_of(seen: Destinations, by: tuple[str, ...]) -> list[Sum]:
    """The same of what was seen just now, of which nothing is kept."""
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute(TABLE)
        _put(base, seen)
        return _sums(base, by, None)


def _sums(base: sqlite3.Connection, by: tuple[str, ...], since: str | None) -> list[Sum]:
    keys = ", ".join(GROUPS[name] for name in by)
    where, given = ("WHERE day >= ?", (since,)) if since else ("", ())
    found = base.execute(
        f"SELECT {keys}, sum(flows), sum(bytes_out), sum(bytes_in), count(DISTINCT name || ' ' || address), "
        f"min(first), max(last) FROM ways {where} GROUP BY {keys} "
        f"ORDER BY sum(bytes_out) + sum(bytes_in) DESC, {keys}", given).fetchall()
    return [Sum(tuple(map(str, row[:len(by)])), *row[len(by):]) for row in found]


def day_before(seconds: float) -> str:
    """The day that was so long ago."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).date().isoformat()


@contextlib.contextmanager
def _opened(path: Path, *, write: bool) -> Iterator[sqlite3.Connection]:
    """As the caller; the file is theirs alone (0600). Raises LedgerError."""
    try:
        with files.as_caller():
            if write:
                files.make_folder(path.parent)
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            if not path.exists() or path.is_symlink():
                raise LedgerError(f"{path}: {'a link' if path.is_symlink() else 'there is no ledger yet'}")
            with contextlib.closing(sqlite3.connect(path, timeout=10)) as base, base:
                version = base.execute("PRAGMA user_version").fetchone()[0]
                if version > VERSION:
                    raise LedgerError(f"{path}: written by a newer netwatch")
                if write:
                    base.execute("PRAGMA journal_mode = WAL")
                    base.execute(TABLE)
                    base.execute(f"PRAGMA user_version = {VERSION}")
                yield base
    except OSError as e:
        raise LedgerError(f"{path}: {e.strerror}", isinstance(e, PermissionError)) from None
    except sqlite3.Error as e:
        denied = not os.access(path, os.R_OK)
        raise LedgerError(f"{path}: {os.strerror(errno.EACCES) if denied else e}", denied) from None
