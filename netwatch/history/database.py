"""Databases of the history: SQLite with a write-ahead log, files of the caller's, of known tables and nothing else."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from netwatch.store import files

BUSY_MS = 1000
READ_S = 30.0  # that SQLite may take to the next piece
STEPS = 20_000  # of SQLite's machine between two looks at the clock


class HistoryError(Exception):
    """The history cannot be read or written; one line. `refused`: for want of rights."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Base:
    """A database that is written to; the file is made where there is none. Raises HistoryError."""

    def __init__(self, where: Path, schema: str) -> None:
        self._where, self._schema = where, schema
        self._open()

    def _open(self) -> None:
        where = self._where
        try:
            with files.as_caller():
                files.make_folder(where.parent)
                os.close(os.open(where, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
                self._base = sqlite3.connect(where, timeout=BUSY_MS / 1000, isolation_level=None,
                                             check_same_thread=False)
                self._base.execute("PRAGMA auto_vacuum = INCREMENTAL")
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute("PRAGMA synchronous = NORMAL")
                self._base.executescript(self._schema)
                _check(self._base, where, self._schema)
        except (OSError, sqlite3.Error) as e:
            raise HistoryError(f"{where}: {getattr(e, 'strerror', None) or e}") from None
        self._mark = _mark(where)

    @contextlib.contextmanager
    def changed(self) -> Iterator[sqlite3.Connection]:
        """All that is done within is done at once, or not at all. When the file was removed, SQLite would go on writing
        to what is left of it: that is said, and the next change begins a new one."""
        if self._mark is None:
            self._open()
        elif _mark(self._where) != self._mark:
            self._mark = None
            self.close()
            raise HistoryError(f"{self._where}: it was removed")
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
    except OSError as e:
        raise HistoryError(f"{where}: {e.strerror}", refused=isinstance(e, PermissionError)) from None
    except sqlite3.Error as e:
        raise HistoryError(f"{where}: {e}") from None
    return base


def limit(base: sqlite3.Connection, seconds: float) -> None:
    """What is asked from now on is given up after so long: a file may be made to keep its reader busy."""
    ends = time.monotonic() + seconds
    base.set_progress_handler(lambda: time.monotonic() > ends, STEPS)


def _check(base: sqlite3.Connection, where: Path, schema: str) -> None:
    """Its tables are those of `schema`, and there is nothing else: no view, no trigger. Raises HistoryError."""
    wanted = sorted(" ".join(each.split()).replace("IF NOT EXISTS ", "") for each in schema.split(";") if each.strip())
    found = base.execute("SELECT sql FROM sqlite_master LIMIT 20").fetchall()
    if sorted(" ".join(str(sql).split()) for sql, in found) != wanted:
        raise HistoryError(f"{where}: not the tables of a history of this version; move it away")


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
    for suffix in ("", "-wal", "-shm"):
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
