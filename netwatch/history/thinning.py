"""How moments on disk make room: of the oldest minutes every tenth second stays, then their beginnings, then none."""

from __future__ import annotations

import sqlite3

import zstandard

from netwatch._fast.view.reel import Reel as Back
from netwatch.history.database import limit
from netwatch.history.tape import LEVEL, given, inflated, taken

COARSER = {1: 10, 10: 60}  # s between moments, and what comes of them
SECOND_NS = 1_000_000_000
ROWS = 1 << 26  # of a table
FORGET_S = 600.0
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
                    _drop(base, run, chapter)
                return True
    oldest = base.execute("SELECT run, chapter FROM pieces WHERE chapter < (SELECT max(chapter) FROM pieces) "
                          "ORDER BY minute LIMIT 1").fetchone()
    if oldest is None:
        return False
    _drop(base, *oldest)
    return True


def thin(base: sqlite3.Connection, run: int, chapter: int, minute: int, step: int) -> None:
    """Of that minute keep the first moment in each `step` seconds. ValueError for what is damaged."""
    rows = base.execute("SELECT n, at_ns, alone, size, around, texts, data FROM pieces WHERE run = ? AND chapter = ? "
                        "AND minute = ? ORDER BY n", (run, chapter, minute)).fetchall()
    now, put = Back(), Back()
    pack = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    texts: dict[int, bytes] = {}
    around, kept, gone, slot = None, 0, [], -1
    for n, at_ns, alone, size, about, said, data in rows:
        now.apply(inflated(data, size), bool(alone), ROWS)
        texts |= taken(said) if said is not None else {}
        around = about if about is not None else around
        if alone or (at_ns - minute) // (step * SECOND_NS) > slot:
            piece = inflated(data, size) if alone else now.piece_from(put)
            put.apply(piece, bool(alone), ROWS)
            _rewrite(base, n, step, size if alone else len(piece), around, _shown(texts, now),
                     data if alone else pack.compress(piece))
            kept, slot, texts, around = n, (at_ns - minute) // (step * SECOND_NS), {}, None
        else:
            gone.append((n,))
    said, about = base.execute("SELECT texts, around FROM pieces WHERE n = ?", (kept,)).fetchone()
    late = _shown(texts, now)  # made after the last that stays, for the minutes behind
    base.execute("UPDATE pieces SET texts = ?, around = ? WHERE n = ?",
                 (given((taken(said) if said is not None else {}) | late) or None,
                  around if around is not None else about, kept))
    base.executemany("DELETE FROM pieces WHERE n = ?", gone)
    _count(base, step, len(gone), minute)


def _shown(texts: dict[int, bytes], now: Back) -> dict[int, bytes]:
    """Those that flows have now. A number that no flow has any more is never given again."""
    there = {number for _, _, number in now.texts()} if texts else set()
    return {number: text for number, text in texts.items() if number in there}


def _rewrite(base: sqlite3.Connection, n: int, step: int, size: int, around: bytes | None, texts: dict[int, bytes],
             data: bytes) -> None:
    base.execute("UPDATE pieces SET step = ?, size = ?, around = ?, texts = ?, data = ? WHERE n = ?",
                 (step, size, around, given(texts) or None, data, n))


def _drop(base: sqlite3.Connection, run: int, chapter: int) -> None:
    moments, until = base.execute("SELECT count(*), max(at_ns) FROM pieces WHERE run = ? AND chapter = ?",
                                  (run, chapter)).fetchone()
    base.execute("DELETE FROM pieces WHERE run = ? AND chapter = ?", (run, chapter))
    _count(base, 0, moments, until)


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
    base.execute("DELETE FROM runs WHERE open = 0 AND run NOT IN (SELECT run FROM pieces)")
    base.commit()
    base.execute("VACUUM")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return gone
