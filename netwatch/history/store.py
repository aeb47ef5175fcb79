"""The file of the history: flows that are over, packed by the second, in SQLite with a write-ahead log.

What is written survives the death of its writer; several may write. The file is bounded: the oldest make room, and are
counted. Nothing here makes a file but a writer.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from netwatch._fast.out.naming import nanoseconds
from netwatch.history import database
from netwatch.history.database import READ_S, Base, Damaged, HistoryError, limit, opened, size, sum_of, used
from netwatch.model.record import Record
from netwatch.store.folders import state_folder

BATCH_MOST = 1 << 26  # bytes that the flows of one piece may unpack to
SCHEMA = """
CREATE TABLE IF NOT EXISTS flows (first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, count INTEGER NOT NULL,
                                  data BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS flows_by_time ON flows (last_ns);
CREATE TABLE IF NOT EXISTS let_go (flows INTEGER NOT NULL, until_ns INTEGER NOT NULL);
"""
FLOW = "netwatch.flow/1"
DEPTH_MOST = 16  # of objects and lists in each other
WORD = 1 << 63
FORGET_S = 600.0
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
ODD = re.compile(rf"{UNPRINTABLE.pattern}|\\[^\"\\]")  # a line of JSON in which there may be such


class Span(NamedTuple):
    """What there is: flows, from when to when (ns; 0, 0 of none), bytes on disk, flows that made room."""

    flows: int
    first_ns: int
    last_ns: int
    size: int
    let_go: int


def path() -> Path:
    """Where it is."""
    return state_folder() / "history.sqlite"


class Writer:
    """Of the one file. Raises HistoryError."""

    def __init__(self, most: int) -> None:
        """`most` bytes on disk."""
        self._most = most
        self._base = Base(path(), SCHEMA)
        self.news = self._base.news

    def add(self, records: Sequence[Record], first_ns: int, last_ns: int) -> None:
        """Flows that ended together, the times of the first and last of their frames."""
        text = "\n".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records)
        piece = first_ns, last_ns, len(records), zlib.compress(text.encode(), 6)
        with self._base.changed() as base:
            base.execute("INSERT INTO flows VALUES (?, ?, ?, ?, ?)", (*piece, sum_of(*piece)))
            self._make_room(base)

    def close(self) -> None:
        self._base.close()

    def _make_room(self, base: sqlite3.Connection) -> None:
        """Let the oldest tenth go when there is too much."""
        self._base.make_room(self._most)
        if used(base) <= self._most:
            return
        pieces = base.execute("SELECT count(*) FROM flows").fetchone()[0]
        gone = base.execute(
            "SELECT total(count), max(last_ns) FROM (SELECT count, last_ns FROM flows ORDER BY last_ns LIMIT ?)",
            (max(1, pieces // 10),)).fetchone()
        base.execute("DELETE FROM flows WHERE rowid IN (SELECT rowid FROM flows ORDER BY last_ns LIMIT ?)",
                           (max(1, pieces // 10),))
        base.execute("INSERT INTO let_go VALUES (?, ?)", (int(gone[0]), gone[1]))


def _opened() -> sqlite3.Connection | None:
    """For reading; None where there is none. Raises HistoryError."""
    return opened(path(), SCHEMA)


def records(first_ns: int, last_ns: int) -> Iterator[Record]:
    """The flows of which some frame came from `first_ns` on and before `last_ns`, in the order in which they ended.
    Raises HistoryError, Damaged at the end when pieces were left out."""
    base = _opened()
    if base is None:
        return
    damaged = 0
    with contextlib.closing(base):
        try:
            found = base.execute("SELECT first_ns, last_ns, count, data, sum FROM flows WHERE last_ns >= ? AND "
                                 "first_ns < ? ORDER BY last_ns, rowid", (first_ns, last_ns))
            for *piece, told in found:
                flows = _unpacked(piece[-1]) if sum_of(*piece) == told else None
                damaged += flows is None
                inside = first_ns <= piece[0] and piece[1] < last_ns
                yield from (flow for flow in flows or () if inside or _within(flow, first_ns, last_ns))
                limit(base, READ_S)
        except sqlite3.Error as e:
            raise HistoryError(f"{path()}: {e}") from None
    if damaged:
        raise Damaged(f"{path()}: damaged pieces that are left out: {damaged:,}")


def _within(record: Record, first_ns: int, last_ns: int) -> bool:
    """Had it frames in that time? What ended together need not have begun together."""
    try:
        return bool(nanoseconds(record["last"]) >= first_ns and nanoseconds(record["first"]) < last_ns)
    except (LookupError, TypeError, ValueError, AttributeError):
        return True  # it does not say


def _unpacked(data: object) -> list[Record] | None:
    """The flows of a piece; None: it is damaged."""
    found = []
    try:
        if not isinstance(data, bytes):
            raise ValueError("not a piece")
        for line in zlib.decompressobj().decompress(data, BATCH_MOST).decode().split("\n"):
            record = _printable(json.loads(line)) if ODD.search(line) else json.loads(line)
            if not isinstance(record, dict) or record.get("schema") != FLOW or "id" not in record or not _sound(record):
                raise ValueError("not a flow")
            found.append(record)
    except (zlib.error, ValueError, RecursionError):
        return None
    return found


def _sound(value: object, depth: int = DEPTH_MOST) -> bool:
    """Are its numbers such as a record has, and not too many objects in each other?"""
    if isinstance(value, dict):
        return depth > 0 and all(_sound(each, depth - 1) for each in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_sound(each, depth - 1) for each in value)
    return isfinite(value) if isinstance(value, float) else not isinstance(value, int) or -WORD <= value < WORD


def _printable(value: object) -> object:
    """With U+FFFD for what a terminal may take as more than text."""
    if isinstance(value, str):
        return UNPRINTABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_printable(each) for each in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(each) for key, each in value.items()}
    return value


def span() -> Span | None:
    """None where there is none. Raises HistoryError."""
    base = _opened()
    if base is None:
        return None
    with contextlib.closing(base):
        try:
            flows, first, last = base.execute("SELECT total(count), min(first_ns), max(last_ns) FROM flows").fetchone()
            gone = base.execute("SELECT total(flows) FROM let_go").fetchone()[0]
            if not flows + gone < 1 << 63:
                raise ValueError("more flows than can be")
            return Span(int(flows), int(first or 0), int(last or 0), size(path()), int(gone))
        except sqlite3.Error as e:
            raise HistoryError(f"{path()}: {e}") from None
        except (ValueError, TypeError, OverflowError):
            raise HistoryError(f"{path()}: times or counts of it are damaged") from None


def forget(before_ns: int | None) -> tuple[int, int]:
    """Remove what ended before, None: all of it; how many flows, and databases that were removed whole: see
    database.forget(). Raises HistoryError."""
    return database.forget(path(), SCHEMA, before_ns, lambda base: _forget(base, WORD - 1 if before_ns is None
                                                                           else before_ns))


def _forget(base: sqlite3.Connection, until: int) -> int:
    limit(base, FORGET_S)
    base.execute("PRAGMA query_only = OFF")
    base.execute("PRAGMA secure_delete = ON")
    gone = int(base.execute("SELECT total(count) FROM flows WHERE last_ns < ?", (until,)).fetchone()[0])
    if not 0 <= gone < WORD:
        raise OverflowError("counts of it are damaged")
    base.execute("DELETE FROM flows WHERE last_ns < ?", (until,))
    base.commit()
    base.execute("VACUUM")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return gone
