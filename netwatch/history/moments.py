"""The table of flows by the second, on disk and across runs: what a Reel keeps in memory, in SQLite.

A minute begins with a piece that stands alone, as in memory; ten minutes are a chapter, whose first row has the texts
of all flows there are. So a chapter is read, and dropped, without the others. Over its bound the file is thinned, the
oldest first: a quarter of it holds moments 60 s apart, a quarter 10 s; the newest half is as it was put down.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from netwatch import __version__
from netwatch._fast.dpi import add_name, app_names
from netwatch._fast.view.tape import layout
from netwatch.history import database, rows, thinning
from netwatch.history.database import READ_S, Base, Damaged, HistoryError, limit, opened, size, used
from netwatch.history.tape import Kept, Piece, given, taken
from netwatch.model.record import Record
from netwatch.model.session import Moment
from netwatch.store.folders import state_folder

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (run INTEGER PRIMARY KEY, mark TEXT NOT NULL, about TEXT NOT NULL,
                                 open INTEGER NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pieces (n INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, run INTEGER NOT NULL,
                                   chapter INTEGER NOT NULL, minute INTEGER NOT NULL, step INTEGER NOT NULL,
                                   alone INTEGER NOT NULL, size INTEGER NOT NULL, left_out INTEGER NOT NULL,
                                   counts TEXT NOT NULL, data BLOB NOT NULL, around BLOB, texts BLOB,
                                   said INTEGER NOT NULL, sum INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS pieces_by_time ON pieces (at_ns, run);
CREATE INDEX IF NOT EXISTS pieces_by_chapter ON pieces (run, chapter, minute);
CREATE INDEX IF NOT EXISTS pieces_by_step ON pieces (step, minute, run, size);
CREATE TABLE IF NOT EXISTS let_go (step INTEGER PRIMARY KEY, moments INTEGER NOT NULL, until_ns INTEGER NOT NULL);
"""
CHAPTER_NS = 600_000_000_000
WAITS = 16 << 20  # bytes that wait for the disk
AGAIN_S = 5.0  # until a disk that took nothing is tried again
CLOSING_S = 5.0
WORD = (1 << 63) - 1
ROOM = 4  # minutes that are thinned, or chapters that are dropped, for one minute that is new
APPS = len(app_names())  # those that netwatch knows by itself: others come with the classifiers of users
MARK = f"{__version__} {layout()} {' '.join(str(name) for name in app_names()[1:APPS])}"  # whose pieces can be read
OURS = "run IN (SELECT run FROM runs WHERE mark = ?)"
APP = re.compile(r"[a-z0-9][a-z0-9_.+-]{0,31}")

Answer = TypeVar("Answer")


class Span(NamedTuple):
    """What there is: moments, from when to when (ns), bytes on disk, moments that made room; since when they are 1 s
    and at most 10 s apart, ns, 0: none are."""

    moments: int
    first_ns: int
    last_ns: int
    size: int
    let_go: int
    fine_ns: int
    tens_ns: int


class Slip(NamedTuple):
    """A moment that is to be put down."""

    piece: Piece
    texts: bytes  # packed
    around: bytes | None
    chapter: int
    minute: int

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.piece.data) + len(self.texts) + len(self.around or b"") + 200


def path() -> Path:
    """Where they are."""
    return state_folder() / "moments.sqlite"


class Writer:
    """Puts moments down in a thread of its own, so that a slow disk keeps nobody waiting. Raises HistoryError."""

    def __init__(self, most: int, about: Record) -> None:
        """`most` bytes on disk; `about` the run: what its flows are shown with."""
        self._most, self._about = most, about
        self._base = Base(path(), SCHEMA)
        self.news = self._base.news
        with self._base.changed() as base:
            self.run = self._begin_run(base)
        self._opened = self._base.opened  # when that was: in another file its number may be another's
        self._news = threading.Condition()
        self._waiting: deque[Slip] = deque()
        self._size = self._chapter = self._minute = 0
        self._sum = 0  # of the newest row
        self._newest = (0, 0)  # ... its chapter and time
        self._gone = -1  # a chapter that somebody has removed under our feet
        self._around = b""
        self._closing = False
        self.trouble = ""  # why they wait
        self.missed = 0  # moments that found no room
        self._thread = threading.Thread(target=self._work, name="moments", daemon=True)
        self._thread.start()

    def _begin_run(self, base: sqlite3.Connection) -> int:
        run = base.execute("INSERT INTO runs VALUES (NULL, ?, '{}', 1, 0)", (MARK,)).lastrowid or 0
        rows.sign_run(base, run)
        return run

    @property
    def waiting(self) -> int:
        """Moments that wait for the disk."""
        return len(self._waiting)

    def put(self, piece: Piece, texts: Mapping[int, bytes], around: bytes,
            all_texts: Callable[[], Mapping[int, bytes]]) -> None:
        """The newest moment. `texts`: those made for it; `all_texts` gives those of all flows in it."""
        if self._chapter == self._gone:
            self._chapter = 0
        begins = piece.alone and (not self._chapter or piece.at_ns >= self._chapter + CHAPTER_NS)
        if self._size > WAITS or not (begins or self._chapter):
            self.missed += 1
            self._chapter = 0  # what follows leads on from what is not there: begin again with the next minute
            return
        if begins:
            self._chapter, self._around = piece.at_ns, b""
        if piece.alone:
            self._minute = piece.at_ns
        there = all_texts() if begins else texts
        slip = Slip(piece, given(there), around if around != self._around else None, self._chapter, self._minute)
        self._around = around
        with self._news:
            self._waiting.append(slip)
            self._size += slip.size
            self._news.notify()

    def close(self) -> None:
        """Put down what waits, as far as there is time."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(CLOSING_S)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closing or self._waiting)
                slips = list(self._waiting)
                closing = self._closing
            try:
                if slips:
                    self._write(slips)
                    self.trouble = ""
                if closing:
                    self._end_run()
            except HistoryError as e:
                self.trouble = str(e)
                if not closing:
                    with self._news:
                        self._news.wait_for(lambda: self._closing, AGAIN_S)
                    continue
            if closing:
                self._base.close()
                return

    def _write(self, slips: Sequence[Slip]) -> None:
        with self._base.changed() as base:
            opened = self._base.opened
            if opened != self._opened:
                self.run = self._begin_run(base)
            about = json.dumps({**self._about, "apps": app_names()[APPS:]})
            base.execute("INSERT INTO runs VALUES (?, ?, ?, 1, 0) ON CONFLICT (run) DO UPDATE SET about = "
                         "excluded.about", (self.run, MARK, about))
            rows.sign_run(base, self.run)
            chapter, newest = self._newest
            if chapter and base.execute("SELECT 1 FROM pieces WHERE run = ? AND at_ns = ?",
                                        (self.run, newest)).fetchone() is None:
                self._gone = chapter  # forgotten, or another version had no room for it: nothing leads on from it
            before = self._sum
            for slip in slips:
                piece = slip.piece
                if slip.chapter == self._gone:
                    self.missed += 1
                    continue
                self._newest = slip.chapter, piece.at_ns
                before = rows.put(base, rows.Row(
                    piece.at_ns, self.run, slip.chapter, slip.minute, 1, int(piece.alone), piece.size, piece.left_out,
                    json.dumps(piece.counts), piece.data, slip.around, slip.texts or None), before)
        self._sum, self._opened = before, opened
        with self._news:
            for slip in slips:
                self._waiting.popleft()
                self._size -= slip.size
        if any(slip.piece.alone for slip in slips):
            with self._base.changed() as base:
                self._base.make_room(self._most)
                for _ in range(ROOM):
                    if used(base) <= self._most or not thinning.make_room(base, MARK):
                        break

    def _end_run(self) -> None:
        with self._base.changed() as base:
            if self._base.opened == self._opened:
                base.execute("UPDATE runs SET open = 0 WHERE run = ?", (self.run,))
                rows.sign_run(base, self.run)


class Reader:
    """Finds moments. For one thread. Raises HistoryError."""

    def __init__(self, own: int = 0) -> None:
        """`own`: the run that goes on, whose moments come before those of others."""
        self.own = own
        self._base: sqlite3.Connection | None = None
        self._texts: dict[int, bytes] = {}
        self._around_there = b""
        self._of = (0, 0)  # run and chapter of these, and of the texts
        self._read = 0  # ... the last row of it that was read
        self._ours = OURS
        self.left_out = 0  # runs that are damaged: whose they are cannot be told

    def close(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None

    def at(self, ns: int) -> Kept | None:
        """The newest moment at or before `ns`, else the oldest; None where there is none."""
        return self._asked(lambda base: self._found(base, ns))

    @property
    def others(self) -> bool:
        """Are there moments that another version keeps in its way?"""
        return bool(self._asked(lambda base: base.execute(
            "SELECT 1 FROM runs WHERE mark != ? AND run IN (SELECT run FROM pieces) LIMIT 1", (MARK,)).fetchone()))

    def left_open(self, since_ns: int) -> list[Kept]:
        """The newest moments of the runs that have not ended: they go on, or were killed."""
        return self._asked(lambda base: self._left_open(base, since_ns)) or []

    def _left_open(self, base: sqlite3.Connection, since_ns: int) -> list[Kept]:
        newest = (f"SELECT max(at_ns) FROM pieces WHERE {self._ours} AND run IN (SELECT run FROM runs WHERE open) "
                  "GROUP BY run")
        return [kept for at_ns, in base.execute(newest, (MARK,)).fetchall()
                if at_ns >= since_ns and (kept := self._found(base, at_ns)) is not None]

    def before(self, ns: int) -> tuple[int, int] | None:
        """The oldest moment, and the newest before `ns`; None where there is none before."""
        first, newest, _, _ = self._asked(lambda base: self._around(base, ns)) or (None, None, None, None)
        return None if first is None or newest is None else (first, newest)

    def _asked(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
        self._base = self._base or opened(path(), SCHEMA)
        if self._base is None:
            return None
        try:
            limit(self._base, READ_S)
            self._base.execute("BEGIN")
            try:
                damaged = rows.damaged_runs(self._base)
                self.left_out = len(damaged)
                self._ours = f"{OURS} AND run NOT IN ({', '.join(map(str, damaged))})" if damaged else OURS
                return question(self._base)
            finally:
                self._base.execute("ROLLBACK")
        except (sqlite3.Error, ValueError, TypeError, OverflowError) as e:
            self.close()
            if isinstance(e, sqlite3.Error):
                raise HistoryError(f"{path()}: {e}") from None
            raise Damaged(f"{path()}: a moment of it is damaged") from None

    def _found(self, base: sqlite3.Connection, ns: int) -> Kept | None:
        ns = min(max(ns, 0), WORD)
        chosen = base.execute("SELECT n, run, chapter, minute, at_ns FROM pieces WHERE at_ns <= ? AND run = ? AND "
                              "EXISTS (SELECT 1 FROM pieces WHERE at_ns >= ? AND run = ?) ORDER BY at_ns DESC, n DESC "
                              "LIMIT 1", (ns, self.own, ns, self.own)).fetchone()
        chosen = chosen or base.execute(f"SELECT n, run, chapter, minute, at_ns FROM pieces WHERE at_ns <= ? AND "
                                        f"{self._ours} ORDER BY at_ns DESC, n DESC LIMIT 1", (ns, MARK)).fetchone()
        chosen = chosen or base.execute(f"SELECT n, run, chapter, minute, at_ns FROM pieces WHERE {self._ours} "
                                        "ORDER BY at_ns, n LIMIT 1", (MARK,)).fetchone()
        if chosen is None:
            return None
        n, run, chapter, minute, at_ns = map(int, chosen)
        found = rows.minute(base, run, chapter, minute, n)
        after = base.execute("SELECT at_ns FROM pieces NOT INDEXED WHERE n > ? AND run = ? ORDER BY n LIMIT 1",
                             (n, run)).fetchone()
        if (found[-1][0], found[-1][1].at_ns) != (n, at_ns) or (after is not None and at_ns < after[0] <= ns):
            raise ValueError(rows.DAMAGED)
        pieces = tuple(_piece(row) for _, row in found)
        about = base.execute("SELECT about FROM runs WHERE run = ?", (run,)).fetchone()[0]
        first, before, behind, last = self._around(base, at_ns)
        moment = Moment(at_ns, behind, at_ns - before if before is not None else 0, first or at_ns, last or at_ns,
                        pieces[-1].left_out)
        self._read_texts(base, run, chapter, n)
        return Kept(moment, pieces, self._texts.get, self._around_there,
                    None if run == self.own else interfaces_of(about))

    def _around(self, base: sqlite3.Connection, ns: int) -> tuple[int | None, ...]:
        """The oldest moment, the newest before, the oldest after, and the newest; None where there is none."""
        ends = [base.execute(f"SELECT n, at_ns FROM pieces WHERE {self._ours} {more} LIMIT 1",
                             (MARK, *values)).fetchone()
                for more, values in (("ORDER BY at_ns", ()), ("AND at_ns < ? ORDER BY at_ns DESC", (ns,)),
                                     ("AND at_ns > ? ORDER BY at_ns", (ns,)), ("ORDER BY at_ns DESC", ()))]
        return tuple(rows.time(base, found) for found in ends)

    def _read_texts(self, base: sqlite3.Connection, run: int, chapter: int, n: int) -> None:
        """Those of the chapter, up to a row of it, and what lies around."""
        if self._of != (run, chapter) or n < self._read:
            self._of, self._read, self._texts, self._around_there = (run, chapter), 0, {}, b""
        for around, texts in rows.said(base, run, chapter, self._read, n):
            self._around_there = around if around is not None else self._around_there
            if texts is not None:
                self._texts.update(taken(texts))
        self._read = n


def interfaces_of(text: object) -> list[Record]:
    """Those of a run by what is said of it, whose apps are known from now on. ValueError for what cannot be."""
    about = json.loads(text) if isinstance(text, str) else None
    found, apps = (about.get(name) for name in ("interfaces", "apps")) if isinstance(about, dict) else (None, None)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found) or not isinstance(apps, list):
        raise ValueError("not what is said of a run")
    for number, name in enumerate(apps, APPS):
        if not isinstance(name, str) or not APP.fullmatch(name) or add_name(name) != number:
            raise ValueError("apps of a classifier that others are in the way of")
    return found


def _piece(row: rows.Row) -> Piece:
    """ValueError for a row of other types than ours, which anybody can give a checksum."""
    numbers = json.loads(row.counts) if isinstance(row.counts, str) else None
    if not (isinstance(row.at_ns, int) and isinstance(row.data, bytes) and isinstance(row.size, int)
            and 0 <= row.size < 1 << 31 and isinstance(row.left_out, int) and isinstance(numbers, list)
            and len(numbers) == 6 and all(isinstance(each, int) and 0 <= each <= WORD for each in numbers)):
        raise ValueError("not a piece")
    return Piece(row.at_ns, bool(row.alone), row.data, row.size, tuple(numbers), row.left_out)


def span() -> Span | None:
    """None where there is none. Raises HistoryError."""
    base = opened(path(), SCHEMA)
    if base is None:
        return None
    with contextlib.closing(base):
        try:
            moments, first, last = base.execute("SELECT count(*), min(at_ns), max(at_ns) FROM pieces").fetchone()
            gone = base.execute("SELECT total(moments) FROM let_go").fetchone()[0]
            fine, tens = (base.execute("SELECT min(minute) FROM pieces WHERE step = ?", (step,)).fetchone()[0] or 0
                          for step in (1, 10))
            return Span(moments, int(first or 0), int(last or 0), size(path()), int(gone), int(fine), int(tens))
        except sqlite3.Error as e:
            raise HistoryError(f"{path()}: {e}") from None
        except (ValueError, TypeError, OverflowError):
            raise HistoryError(f"{path()}: times or counts of it are damaged") from None


def forget(before_ns: int | None) -> tuple[int, int]:
    """Remove the chapters that ended before, None: all of it; how many moments, and databases that were removed whole:
    see database.forget(). Raises HistoryError."""
    return database.forget(path(), SCHEMA, before_ns,
                           lambda base: thinning.forget(base, WORD if before_ns is None else before_ns))
