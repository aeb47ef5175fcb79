"""The ledger: bytes by day, program, container and destination, kept in the state folder across restarts.

Nothing is written unless it was asked for (egress.keep). Days are UTC. SQLite's log of changes (WAL) makes what was
committed survive a crash; what is older than egress.keep_days is forgotten when something is added.
"""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from netwatch.egress.destinations import Destinations
from netwatch.store.folders import state_folder
from netwatch.store.tables import WAIT_S, opened

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


def where() -> Path:
    """The ledger's file."""
    return state_folder() / "egress.sqlite"


class Sum(NamedTuple):
    """Of one group; bytes of frames."""

    group: tuple[str, ...]
    flows: int
    bytes_out: int
    bytes_in: int
    destinations: int
    first: str
    last: str


def add(path: Path, seen: Destinations, keep_days: int, *, wait_s: float = WAIT_S) -> int:
    """Put down what was seen; how many rows that made. A way counts on the day of its newest packet. `wait_s`: how long
    for somebody who has it locked. Raises TableError."""
    with _opened(path, write=True, wait_s=wait_s) as base:
        count = _put(base, seen)
        newest = base.execute("SELECT max(day) FROM ways").fetchone()[0]
        if newest is not None:
            oldest = (datetime.fromisoformat(newest) - timedelta(days=keep_days)).date().isoformat()
            base.execute("DELETE FROM ways WHERE day < ?", (oldest,))
    return count


def forget(path: Path, before: date) -> int:
    """Remove the days before that one, and overwrite them; how many rows. Raises TableError."""
    with _opened(path, write=True) as base:
        base.execute("PRAGMA secure_delete = ON")
        return base.execute("DELETE FROM ways WHERE day < ?", (before.isoformat(),)).rowcount


def _put(base: sqlite3.Connection, seen: Destinations) -> int:
    rows = [((each.span.last or "")[:10], way.who, way.container, way.name, way.address, way.port or 0, way.proto,
             each.asn, each.org or None, each.flows, each.bytes_out, each.bytes_in, each.span.first or "",
             each.span.last or "")
            for way, each in seen.seen.items()]
    base.executemany(ADD, rows)
    return len(rows)


def sums(path: Path, by: tuple[str, ...], since: str | None = None, *, wait_s: float = WAIT_S) -> list[Sum]:
    """By these of GROUPS, the most bytes first; `since`: not before that day; `wait_s`: how long for somebody who
    has it locked. Raises TableError."""
    with _opened(path, write=False, wait_s=wait_s) as base:
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


def _opened(path: Path, *, write: bool, wait_s: float = WAIT_S) -> AbstractContextManager[sqlite3.Connection]:
    return opened(path, TABLE, VERSION, what="ledger", write=write, wait_s=wait_s)
