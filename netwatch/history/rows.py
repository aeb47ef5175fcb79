"""Rows of moments on disk, each with checksums: what is damaged is told, and never shown as if it had been there.

`sum` is over what the row itself has and the `sum` of the row before it in its minute, so that none can be missing;
`said` over the texts, which later minutes of the chapter need without the rest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from netwatch.history.database import sum_of

DAMAGED = "a moment that is damaged"
COLUMNS = "at_ns, run, chapter, minute, step, alone, size, left_out, counts, data, around, texts"


class Row(NamedTuple):
    """COLUMNS, in their order; `alone`: its piece needs none before it."""

    at_ns: int
    run: int
    chapter: int
    minute: int
    step: int
    alone: int
    size: int
    left_out: int
    counts: str
    data: bytes
    around: bytes | None
    texts: bytes | None

    @property
    def said(self) -> int:
        """The checksum of its texts and of what lies around; 0: it has neither."""
        return said_of(self.run, self.chapter, self.around, self.texts)

    def sum(self, before: int) -> int:
        """The checksum of the row behind one of `before`."""
        return sum_of(0 if self.alone else before, *self[:-2], self.said)


def said_of(run: object, chapter: object, around: object, texts: object) -> int:
    """See Row.said."""
    return sum_of(run, chapter, around, texts) if around is not None or texts is not None else 0


def put(base: sqlite3.Connection, row: Row, before: int, n: int | None = None) -> int:
    """A new row, or in the place of that of number `n`; its `sum`."""
    found = row.sum(before)
    base.execute(f"INSERT OR REPLACE INTO pieces (n, {COLUMNS}, said, sum) VALUES ({', '.join('?' * 15)})",
                 (n, *row, row.said, found))
    return found


def minute(base: sqlite3.Connection, run: int, chapter: int, minute: int, until: int) -> list[tuple[int, Row]]:
    """The rows of a minute with their numbers, up to `until`. ValueError for what is damaged."""
    found: list[tuple[int, Row]] = []
    before = 0
    for n, *values, said, told in base.execute(
            f"SELECT n, {COLUMNS}, said, sum FROM pieces WHERE run = ? AND chapter = ? AND minute = ? AND n <= ? "
            "ORDER BY n", (run, chapter, minute, until)):
        row = Row(*values)
        if row.said != said or row.sum(before) != told or (not found and not row.alone):
            raise ValueError(DAMAGED)
        found.append((n, row))
        before = told
    if not found:
        raise ValueError(DAMAGED)
    return found


def said(base: sqlite3.Connection, run: int, chapter: int, after: int,
         until: int) -> Iterator[tuple[bytes | None, bytes | None]]:
    """What lies around and texts, of the rows of a chapter behind one number up to another. ValueError for what is
    damaged."""
    for around, texts, told in base.execute(
            "SELECT around, texts, said FROM pieces WHERE run = ? AND chapter = ? AND n > ? AND n <= ? AND said != 0 "
            "ORDER BY n", (run, chapter, after, until)):
        if said_of(run, chapter, around, texts) != told:
            raise ValueError(DAMAGED)
        yield around, texts


def time(base: sqlite3.Connection, found: tuple[int, int] | None) -> int | None:
    """Of a row, by (number, time) as its index has them. ValueError where the row has another."""
    if found is None:
        return None
    row = base.execute("SELECT at_ns FROM pieces WHERE n = ?", found[:1]).fetchone()
    if row is None or row[0] != found[1]:
        raise ValueError(DAMAGED)
    return int(found[1])


def sign_run(base: sqlite3.Connection, run: int) -> None:
    """What is said of a run has changed."""
    values = base.execute("SELECT run, mark, about, open FROM runs WHERE run = ?", (run,)).fetchone()
    base.execute("UPDATE runs SET sum = ? WHERE run = ?", (sum_of(*values), run))


def damaged_runs(base: sqlite3.Connection) -> list[int]:
    """Those of which nothing can be believed, be it that they are another version's."""
    return [int(about[0]) for *about, told in base.execute("SELECT run, mark, about, open, sum FROM runs")
            if sum_of(*about) != told]
