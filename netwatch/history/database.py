"""Databases of the history: SQLite with a write-ahead log, files of the caller's, of known tables and nothing else."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
import stat
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from netwatch.store import files

BUSY_MS = 1000
READ_S = 30.0  # that SQLite may take to the next piece
STEPS = 20_000  # of SQLite's machine between two looks at the clock
ASIDE = ".old-"  # and a number: in the names of databases that were set aside
TRIES = 8  # to open one that others open and set aside at the same time
PARTS = ("", "-wal", "-shm")  # files of one database
NEAR = 0.875  # of the bound: what was set aside makes room from there on
NOT_OURS = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
LOCKED = 0x4000_0002, 510  # bytes of a file that SQLite locks while it has it open with a log: sqlite.org/fileformat2


class HistoryError(Exception):
    """The history cannot be read or written; one line. `refused`: for want of rights."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Damaged(HistoryError):
    """Some of it is damaged and was left out; the rest was told."""


class Foreign(HistoryError):
    """Its tables are of another version, or it is no database."""


class InUse(HistoryError):
    """It is of another version, which a process has open: it is left to that."""


class Base:
    """A database that is written to; the file is made where there is none. One of another version is set aside, as are
    the bytes of what is no database, unless somebody has it open. Raises HistoryError."""

    def __init__(self, where: Path, schema: str) -> None:
        self._home = self._where = where
        self._schema = schema
        self.news: deque[str] = deque()  # that somebody should tell the user
        self.opened = 0  # how many files it was so far: another may have been removed under our feet
        self._open()

    def _open(self) -> None:
        """Others may do the same at the same time: what is no more what it was is looked at again."""
        for _ in range(TRIES):
            try:
                if self._open_home():
                    return
            except Foreign:
                aside = _set_aside(self._home, self._found)
                if aside is not None:
                    self.news.append(f"a history of another version is set aside: {aside}")
        raise HistoryError(f"{self._home}: others exchange it all the time")

    def _open_home(self) -> bool:
        """False: it was exchanged meanwhile."""
        self._where = where = self._home
        try:
            with files.as_caller():
                files.make_folder(where.parent)
                self._found = _made(where)
                self._base = sqlite3.connect(where, timeout=BUSY_MS / 1000, isolation_level=None,
                                             check_same_thread=False)
                try:
                    self._prepare()
                except BaseException:
                    self.close()
                    raise
        except (OSError, sqlite3.Error) as e:
            raise _told(e, where) from None
        if _mark(where) != self._found:
            self.close()
            return False
        self._mark: tuple[int, int] | None = self._found
        self.opened += 1
        return True

    def _prepare(self) -> None:
        if self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            _check(self._base, self._where, self._schema)
        self._base.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = NORMAL")
        # at one stroke: who opens it meanwhile must not find half of the tables
        self._base.executescript(f"BEGIN IMMEDIATE; {self._schema} COMMIT;")
        _check(self._base, self._where, self._schema)

    @contextlib.contextmanager
    def changed(self) -> Iterator[sqlite3.Connection]:
        """All that is done within is done at once, or not at all. When the file was removed, SQLite would go on writing
        to what is left of it: that is said, and the next change begins a new one. In one that somebody has set aside it
        goes on, as nobody else does."""
        if self._mark is None:
            self._open()
        elif _mark(self._where) != self._mark:
            self._follow()
        try:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
                self._base.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have done it
                    self._base.execute("ROLLBACK")
                raise
            self._base.execute("PRAGMA incremental_vacuum(256)")
        except sqlite3.Error as e:
            raise HistoryError(f"{self._where}: {e}") from None

    def _follow(self) -> None:
        """Where the file is by now. Raises HistoryError when it is gone."""
        there = next((each for each in set_aside(self._home) if _mark(each) == self._mark), None)
        if there is None:
            where, self._mark = self._where, None
            self.close()
            raise HistoryError(f"{where}: it was removed")
        self._where = there
        self.news.append(f"the history goes on in {there}: another version of netwatch has set it aside")

    def make_room(self, most: int) -> None:
        """Those that were set aside go before anything of ours, the oldest first, but for those that somebody writes
        to, who has bounds of his own: once ours comes near the bound of `most` bytes. Until then one of them stays, and
        others with it within that bound; a history is not given for the few bytes that a new one begins with."""
        aside = [each for each in set_aside(self._home) if each != self._where]
        if not aside:
            return
        sizes = {each: size(each) for each in sorted(aside, key=_changed)}
        for each in list(sizes):
            own, others = used(self._base), sum(sizes.values())
            if own + others <= most or (own < most * NEAR and (others <= most or len(sizes) == 1)):
                break
            del sizes[each]
            try:
                with _alone(each):
                    _remove(each)
            except HistoryError:
                continue
            self.news.append(f"a history of another version made room: {each}")

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._base.close()


def opened(where: Path, schema: str) -> sqlite3.Connection | None:
    """For reading; None where there is none. Raises HistoryError."""
    try:
        with files.as_caller():
            if not stat.S_ISREG(where.stat().st_mode):
                raise HistoryError(f"{where}: not a regular file")
            base = sqlite3.connect(f"{where.as_uri()}?mode=rw", uri=True, timeout=BUSY_MS / 1000,
                                   check_same_thread=False)
            limit(base, READ_S)
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("PRAGMA query_only = ON")
            _check(base, where, schema)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, sqlite3.Error) as e:
        raise _told(e, where) from None
    return base


def set_aside(where: Path) -> list[Path]:
    """Databases of that name that were: of other versions."""
    with contextlib.suppress(OSError), files.as_caller():
        return sorted(each for each in where.parent.iterdir() if each.name.startswith(f"{where.name}{ASIDE}")
                      and not each.name.endswith(PARTS[1:]))
    return []


@contextlib.contextmanager
def _alone(where: Path) -> Iterator[tuple[int, int]]:
    """Nobody has it open, nor can open it meanwhile; what tells it from others. Raises InUse, HistoryError."""
    number = -1
    try:
        try:
            with files.as_caller():
                number = os.open(where, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            begin, length = LOCKED
            fcntl.lockf(number, fcntl.LOCK_EX | fcntl.LOCK_NB, length, begin)
            about = os.fstat(number)
        except OSError as e:
            if number >= 0 and e.errno in (errno.EACCES, errno.EAGAIN):
                raise InUse(f"{where}: another version of netwatch keeps its history there") from None
            raise _told(e, where) from None
        yield about.st_dev, about.st_ino
    finally:
        if number >= 0:
            os.close(number)  # and with it the lock


def _set_aside(where: Path, found: tuple[int, int]) -> Path | None:
    """Give the file that was found there a name of its own, and begin another in its place: the name. None: it is
    another by now, which somebody else has begun. Raises HistoryError."""
    try:
        with _alone(where) as mine, files.as_caller():
            if mine != found or _mark(where) != found:
                return None
            number = next(n for n in range(1, 1 << 16) if not os.path.lexists(f"{where}{ASIDE}{n}"))
            for part in PARTS[::-1]:  # a database without its log would lose what is in it
                with contextlib.suppress(FileNotFoundError):
                    os.rename(f"{where}{part}", f"{where}{ASIDE}{number}{part}")
            _made(where)
    except (OSError, HistoryError) as e:
        if _mark(where) != found:
            return None
        raise (_told(e, where) if isinstance(e, OSError) else e) from None
    return Path(f"{where}{ASIDE}{number}")


def _made(where: Path) -> tuple[int, int]:
    """Have a file be there; what tells it from others. Raises OSError."""
    number = os.open(where, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        about = os.fstat(number)
    finally:
        os.close(number)
    return about.st_dev, about.st_ino


def forget(where: Path, schema: str, before_ns: int | None,
           work: Callable[[sqlite3.Connection], int]) -> tuple[int, int]:
    """(what `work` has removed from it, databases removed whole): those that were set aside, and what no `work` can be
    done in; with `before_ns` those alone of another version that have not changed since. Raises HistoryError."""
    gone = 0
    for each in set_aside(where):
        if before_ns is None or _changed(each) < before_ns:
            _remove(each)
            gone += 1
    changed = _changed(where)  # before SQLite makes a log beside it
    try:
        base = opened(where, schema)
        if base is None:
            return 0, gone
        with contextlib.closing(base):
            return work(base), gone
    except (HistoryError, sqlite3.Error, OverflowError) as e:
        told = e if isinstance(e, HistoryError) else _told(e, where)
        busy = getattr(e, "sqlite_errorcode", 0) & 0xff in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        if told.refused or busy or not (before_ns is None or (isinstance(told, Foreign) and changed < before_ns)):
            raise told from None
        _remove(where)
        return 0, gone + 1


def _changed(where: Path) -> int:
    """When something was last written to it, ns; 0: there is none."""
    found = 0
    with files.as_caller():
        for part in PARTS:
            with contextlib.suppress(OSError):
                found = max(found, os.lstat(f"{where}{part}").st_mtime_ns)
    return found


def _remove(where: Path) -> None:
    """Raises HistoryError."""
    try:
        with files.as_caller():
            for part in PARTS:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{where}{part}")
    except OSError as e:
        raise _told(e, where) from None


def _told(error: Exception, where: Path) -> HistoryError:
    """In one line."""
    if isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xff in NOT_OURS:
        return Foreign(f"{where}: {error}")
    return HistoryError(f"{where}: {getattr(error, 'strerror', None) or error}",
                        refused=isinstance(error, PermissionError))


def limit(base: sqlite3.Connection, seconds: float) -> None:
    """What is asked from now on is given up after so long: a file may be made to keep its reader busy."""
    ends = time.monotonic() + seconds
    base.set_progress_handler(lambda: time.monotonic() > ends, STEPS)


def _check(base: sqlite3.Connection, where: Path, schema: str) -> None:
    """Its tables are those of `schema`, and there is nothing else: no view, no trigger. Raises HistoryError."""
    wanted = sorted(" ".join(each.split()).replace("IF NOT EXISTS ", "") for each in schema.split(";") if each.strip())
    found = base.execute("SELECT sql FROM sqlite_master LIMIT 20").fetchall()
    if sorted(" ".join(str(sql).split()) for sql, in found) != wanted:
        raise Foreign(f"{where}: not the tables of a history of this version; what keeps one sets it aside, and "
                      "`netwatch forget --all` removes it")


def sum_of(*values: object) -> int:
    """CRC-32 of what stands in a row: it tells damage, and no forgery."""
    found = 0
    for value in values:
        data = value if isinstance(value, bytes) else repr(value).encode()
        found = zlib.crc32(data, zlib.crc32(b"%d:" % len(data), found))
    return found


def used(base: sqlite3.Connection) -> int:
    """Bytes of it that hold something."""
    pages, free, size = (int(base.execute(f"PRAGMA {name}").fetchone()[0])
                         for name in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def size(where: Path) -> int:
    """Bytes of the file and its log."""
    found = 0
    for suffix in PARTS:
        with contextlib.suppress(OSError):
            found += os.stat(f"{where}{suffix}").st_size
    return found


def _mark(where: Path) -> tuple[int, int] | None:
    """What tells this file from another of its name; None: there is none."""
    try:
        about = os.stat(where, follow_symlinks=False)
    except OSError:
        return None
    return about.st_dev, about.st_ino
