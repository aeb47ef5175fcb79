"""How moments on disk make room: of the oldest minutes every tenth second stays, then their beginnings, then none."""

from __future__ import annotations

import sqlite3

import zstandard

from netwatch._fast.view.reel import Reel as Back
from netwatch.history import rows
from netwatch.history.database import limit
from netwatch.history.tape import LEVEL, given, inflated, taken

COARSER = {1: 10, 10: 60}  # s between moments, and what comes of them
SECOND_NS = 1_000_000_000
ROWS = 1 << 26  # of a table
FORGET_S = 600.0
LAST = (1 << 63) - 1  # number of a row
COARSE = 4  # a coarse step has one part in so many of the room


def make_room(base: sqlite3.Connection, mark: str) -> bool:
    """Thin the oldest minute, or drop the oldest chapter; False where there is nothing that may go."""
    strange = base.execute("SELECT run, chapter FROM pieces WHERE run NOT IN (SELECT run FROM runs WHERE mark = ?) "
                           "ORDER BY chapter LIMIT 1", (mark,)).fetchone()
    if strange is not None:
        _drop(base, *strange)
        return True
    sizes = dict(base.execute("SELECT step, total(size) FROM pieces GROUP BY step"))
    newest = base.execute("SELECT max(minute) FROM pieces").fetchone()[0]
    most = sum(sizes.values()) / COARSE
    if sizes.get(60, 0) <= most:
        for step in (10, 1) if sizes.get(10, 0) > most else (1, 10):
            found = base.execute("SELECT run, chapter, minute FROM pieces WHERE step = ? AND minute < ? "
                                 "ORDER BY minute LIMIT 1", (step, newest)).fetchone()
            if found is not None:
                run, chapter, minute = found
                try:
                    thin(base, run, chapter, minute, COARSER[step])
                except (ValueError, TypeError):  # damaged: nobody can read it
                    _drop_minute(base, run, chapter, minute)
                return True
    oldest = base.execute("SELECT run, chapter FROM pieces WHERE chapter < (SELECT max(chapter) FROM pieces) "
                          "ORDER BY minute LIMIT 1").fetchone()
    if oldest is None:
        return False
    _drop(base, *oldest)
    return True


def thin(base: sqlite3.Connection, run: int, chapter: int, minute: int, step: int) -> None:
    """Of that minute keep the first moment in each `step` seconds. ValueError for what is damaged."""
    there = rows.minute(base, run, chapter, minute, LAST)
    now, put = Back(), Back()
    pack = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    texts: dict[int, bytes] = {}
    kept: list[tuple[int, rows.Row, dict[int, bytes]]] = []
    around, slot = None, -1
    for n, row in there:
        now.apply(inflated(row.data, row.size), bool(row.alone), ROWS)
        texts |= taken(row.texts) if row.texts is not None else {}
        around = row.around if row.around is not None else around
        if row.alone or (row.at_ns - minute) // (step * SECOND_NS) > slot:
            piece = inflated(row.data, row.size) if row.alone else now.piece_from(put)
            put.apply(piece, bool(row.alone), ROWS)
            kept.append((n, row._replace(step=step, size=len(piece), around=around,
                                         data=row.data if row.alone else pack.compress(piece)), _shown(texts, now)))
            slot, texts, around = (row.at_ns - minute) // (step * SECOND_NS), {}, None
    n, row, shown = kept[-1]
    # what came after the last that stays is for the minutes behind
    kept[-1] = n, row._replace(around=around if around is not None else row.around), shown | _shown(texts, now)
    base.execute("DELETE FROM pieces WHERE run = ? AND chapter = ? AND minute = ?", (run, chapter, minute))
    before = 0
    for n, row, shown in kept:
        before = rows.put(base, row._replace(texts=given(shown) or None), before, n)
    _count(base, step, len(there) - len(kept), minute)


def _shown(texts: dict[int, bytes], now: Back) -> dict[int, bytes]:
    """Those that flows have now. A number that no flow has any more is never given again."""
    there = {number for _, _, number in now.texts()} if texts else set()
    return {number: text for number, text in texts.items() if number in there}


def _drop(base: sqlite3.Connection, run: int, chapter: int, more: str = "TRUE", *values: int) -> None:
    """Of a chapter what `more` holds for."""
    these = f"run = ? AND chapter = ? AND {more}"
    moments, until = base.execute(f"SELECT count(*), max(at_ns) FROM pieces WHERE {these}",
                                  (run, chapter, *values)).fetchone()
    base.execute(f"DELETE FROM pieces WHERE {these}", (run, chapter, *values))
    _count(base, 0, moments, until if isinstance(until, int) else 0)


def _drop_minute(base: sqlite3.Connection, run: int, chapter: int, minute: int) -> None:
    """One that is damaged. The minutes behind it need its texts: they go to the next, or, where texts are damaged,
    nobody can read what is behind, and it goes as well."""
    try:
        behind = base.execute("SELECT min(minute) FROM pieces WHERE run = ? AND chapter = ? AND minute > ?",
                              (run, chapter, minute)).fetchone()[0]
        if behind is not None:
            _hand_on(base, run, chapter, minute, behind)
    except (ValueError, TypeError):
        _drop(base, run, chapter, "minute >= ?", minute)
        return
    _drop(base, run, chapter, "minute = ?", minute)


def _hand_on(base: sqlite3.Connection, run: int, chapter: int, minute: int, behind: int) -> None:
    """The texts of a minute, and what lies around, to the first row of one behind it. ValueError for damage."""
    first, last = base.execute("SELECT min(n), max(n) FROM pieces WHERE run = ? AND chapter = ? AND minute = ?",
                               (run, chapter, minute)).fetchone()
    texts: dict[int, bytes] = {}
    around = None
    for lies, said in rows.said(base, run, chapter, first - 1, last):
        around = lies if lies is not None else around
        texts |= taken(said) if said is not None else {}
    before = 0
    for n, row in rows.minute(base, run, chapter, behind, LAST):
        if row.alone:
            texts |= taken(row.texts) if row.texts is not None else {}
            row = row._replace(texts=given(texts) or None, around=row.around if row.around is not None else around)
        before = rows.put(base, row, before, n)


def _count(base: sqlite3.Connection, step: int, moments: int, until_ns: int) -> None:
    base.execute("INSERT INTO let_go VALUES (?, ?, ?) ON CONFLICT (step) DO UPDATE SET moments = moments + "
                 "excluded.moments, until_ns = max(until_ns, excluded.until_ns)", (step, moments, until_ns))


def forget(base: sqlite3.Connection, before_ns: int) -> int:
    """Remove the chapters that ended before, and overwrite them in the file; how many moments."""
    limit(base, FORGET_S)
    base.execute("PRAGMA query_only = OFF")
    base.execute("PRAGMA secure_delete = ON")
    over = "(run, chapter) IN (SELECT run, chapter FROM pieces GROUP BY run, chapter HAVING max(at_ns) < ?)"
    gone = int(base.execute(f"DELETE FROM pieces WHERE {over}", (before_ns,)).rowcount)
    # the newest stays, so that its number is never another's: whoever goes on may still know moments by it
    base.execute("DELETE FROM runs WHERE open = 0 AND run NOT IN (SELECT run FROM pieces) AND run < (SELECT max(run) "
                 "FROM runs)")
    for run, in base.execute("SELECT run FROM runs WHERE run NOT IN (SELECT run FROM pieces)").fetchall():
        base.execute("UPDATE runs SET about = '{}' WHERE run = ?", (run,))
        rows.sign_run(base, run)
    base.commit()
    base.execute("VACUUM")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return gone
