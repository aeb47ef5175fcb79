"""The recorder's window on disk, and what becomes of it when it is frozen.

The window is a folder of pcapng files in the state folder. Frozen, it is left as it is, with a page that says why, when
and what is missing: an incident; another window begins. A window that belongs to nobody is removed by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netwatch.model.record import Record
from netwatch.recorder.rotation import NAME, Rotation
from netwatch.store import files
from netwatch.store.folders import state_folder

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

PAGE = "incident.json"
LOCK = ".lock"
FILES = 16  # that the window is cut into
SCHEMA = "netwatch.incident/1"


class Kept(NamedTuple):
    """A folder of the recorder's: an incident, or somebody's window."""

    folder: Path
    incident: bool
    in_use: bool
    size: int  # bytes
    changed: float  # seconds since 1970


class Window:
    """One, from its first packet until it is frozen or dropped."""

    def __init__(self, source: Source, say: Callable[[str], None], size: int, span_ns: int) -> None:
        """At most `size` bytes and `span_ns` of packet time. Raises OSError."""
        stem = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        self._span_ns = span_ns
        with files.as_caller():
            files.make_folder(root())
            for turn in range(1000):
                self.folder = root() / f"{stem}-{turn:03d}"
                try:
                    self.folder.mkdir(mode=0o700)
                    break
                except FileExistsError:
                    continue
            else:
                raise FileExistsError(17, "a thousand windows of this second", str(root()))
            self._lock = os.open(self.folder / LOCK, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.rotation = Rotation(self.folder, FILES, max(size // FILES, 1 << 20), source, say, span_ns // FILES)

    def roll(self, now_ns: int) -> None:
        """Let go of what is older than the window is long."""
        self.rotation.drop_before(now_ns - self._span_ns)

    def freeze(self, about: Record) -> Path:
        """Leave it as an incident. Raises OSError."""
        self.rotation.finish()
        try:
            files.write_text(self.folder / PAGE, json.dumps({"schema": SCHEMA, **about}, indent=1) + "\n")
        finally:
            os.close(self._lock)
        return self.folder

    def drop(self) -> None:
        """It is not wanted. A jailed process may leave an empty folder behind."""
        self.rotation.finish()
        _remove(self.folder)
        os.close(self._lock)


def root() -> Path:
    """Where windows and incidents are."""
    return state_folder() / "recorder"


def kept() -> Iterator[Kept]:
    """What there is, the oldest first."""
    with contextlib.suppress(OSError):
        for folder in sorted(path for path in root().iterdir() if path.is_dir() and not path.is_symlink()):
            with contextlib.suppress(OSError):
                there = [path.stat() for path in folder.iterdir() if path.name != LOCK]
                changed = max((each.st_mtime for each in there), default=folder.stat().st_mtime)
                yield Kept(folder, (folder / PAGE).exists(), _is_locked(folder), sum(each.st_size for each in there),
                           changed)


def clean(incidents: int) -> None:
    """Remove windows that belong to nobody, and of incidents all but the newest so many."""
    with files.as_caller():
        found = list(kept())
        frozen = [each for each in found if each.incident]
        strays = [each for each in found if not each.incident and not each.in_use]
        for each in [*strays, *frozen[: max(0, len(frozen) - incidents)]]:
            remove(each.folder)


def remove(folder: Path) -> None:
    """A folder of the recorder's; what is not its own stays, and the folder with it."""
    _remove(folder)


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if NAME.fullmatch(path.name) or path.name in (PAGE, LOCK):
                path.unlink()
        folder.rmdir()


def _is_locked(folder: Path) -> bool:
    """Does a running netwatch hold it?"""
    try:
        number = os.open(folder / LOCK, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(number)
    return False
