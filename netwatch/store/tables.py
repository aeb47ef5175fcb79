"""Small SQLite files in the state folder: opened as the caller, theirs alone (0600), of a version."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from netwatch.store import files

WAIT_S = 10.0  # for somebody who has it locked


class TableError(Exception):
    """One line for the user; `denied`: the file may not be read or written; `missing`: there is none."""

    def __init__(self, message: str, *, denied: bool = False, missing: bool = False) -> None:
        super().__init__(message)
        self.denied, self.missing = denied, missing


@contextlib.contextmanager
def opened(path: Path, tables: str, version: int, *, what: str, write: bool,
           wait_s: float = WAIT_S) -> Iterator[sqlite3.Connection]:
    """A transaction. `tables` are made where they are not there, `what` there is none of is said where nothing may be
    made. `wait_s`: how long for somebody who has it locked. Raises TableError."""
    try:
        with files.as_caller():
            if write:
                files.make_folder(path.parent)
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            if path.is_symlink():
                raise TableError(f"{path}: a link")
            if not path.exists():
                raise TableError(f"{path}: there is no {what} yet", missing=True)
            with contextlib.closing(sqlite3.connect(path, timeout=wait_s)) as base, base:
                found = base.execute("PRAGMA user_version").fetchone()[0]
                if found > version:
                    raise TableError(f"{path}: written by a newer netwatch")
                if write:
                    base.execute("PRAGMA journal_mode = WAL")
                    base.execute(tables)
                    base.execute(f"PRAGMA user_version = {version}")
                yield base
    except OSError as e:
        raise TableError(f"{path}: {e.strerror}", denied=isinstance(e, PermissionError)) from None
    except sqlite3.Error as e:
        denied = not os.access(path, os.R_OK)
        raise TableError(f"{path}: {os.strerror(errno.EACCES) if denied else e}", denied=denied) from None
