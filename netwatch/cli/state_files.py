"""What netwatch keeps in its state folder besides windows of the recorder and the history: what it is, how old, and how
it is forgotten. Looked at and removed with the rights of whoever called."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from netwatch.egress import ledger
from netwatch.health import uptime
from netwatch.store import files
from netwatch.store.folders import state_folder
from netwatch.store.tables import TableError

ABOUT = {  # by the pattern of its name; of a folder it is the files in it
    "filters": "filters that were used",
    "alerts": "alerts that were acknowledged or muted",
    "quotas": "quotas that were passed",
    "egress.sqlite": "bytes by day, program and destination",
    "uptime.sqlite": "outages that probes found",
    "*.ndjson": "what programs are known by",
    "push": "snapshots that are still to be pushed",
    "crash-*.txt": "crash report",
}
BY_TIME = {"egress.sqlite": lambda path, ns: ledger.forget(path, datetime.fromtimestamp(ns // 10**9, UTC).date()),
           "uptime.sqlite": uptime.forget}
PARTS = ("", "-wal", "-shm", "-journal")  # files of a table


class Kept(NamedTuple):
    """A file, or a folder of files; `size` in bytes, `changed_ns` since 1970: the newest of them."""

    path: Path
    name: str
    files: tuple[Path, ...]
    size: int
    changed_ns: int


def kept() -> Iterator[Kept]:
    """What there is."""
    with contextlib.suppress(OSError), files.as_caller():
        for pattern, name in ABOUT.items():
            for path in sorted(state_folder().glob(pattern)):
                there = [each for each in _files(path, pattern) if each.is_file() and not each.is_symlink()]
                about = [each.stat() for each in there]
                if about:
                    yield Kept(path, name, tuple(there), sum(each.st_size for each in about),
                               max(each.st_mtime_ns for each in about))


def forget(before_ns: int | None) -> tuple[int, list[str]]:
    """Remove them, None: all; else those that have not changed since, and of tables what is older. How many were
    removed or cut, and what is in the way of others."""
    gone, trouble = 0, []
    for each in list(kept()):
        try:
            if before_ns is None or each.changed_ns < before_ns:
                with files.as_caller():
                    for path in each.files:
                        path.unlink(missing_ok=True)
                gone += 1
            elif each.path.name in BY_TIME:
                gone += BY_TIME[each.path.name](each.path, before_ns) > 0
        except OSError as e:
            trouble.append(f"{each.path}: {e.strerror}")
        except TableError as e:
            trouble.append(str(e))
    return gone, trouble


def _files(path: Path, pattern: str) -> list[Path]:
    if stat.S_ISDIR(os.lstat(path).st_mode):
        return sorted(path.iterdir())
    return [Path(f"{path}{part}") for part in PARTS] if pattern.endswith(".sqlite") else [path]
