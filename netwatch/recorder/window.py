"""The recorder's window on disk, and what becomes of it when it is frozen.

The window is a folder of pcapng files in the state folder. Frozen, its files are put into a folder of their own, with a
page that says why, when and what is missing: an incident. The window goes on, so that the next incident has what came
before it, too. A window that belongs to nobody is removed by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netwatch.model.record import Record
from netwatch.recorder.rotation import NAME, Rotation, Written, is_gone
from netwatch.store import files
from netwatch.store.folders import state_folder

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

PAGE = "incident.json"
LOCK = ".lock"
FILES = 16  # that the window is cut into
FILES_MOST = 64  # with those that were finished early, to be put into an incident
SCHEMA = "netwatch.incident/1"


class Kept(NamedTuple):
    """A folder of the recorder's: an incident, or somebody's window."""

    folder: Path
    incident: bool
    in_use: bool
    size: int  # bytes
    changed: float  # seconds since 1970


class Incident:
    """What is kept for good, from the moment it is frozen until nothing more can join it: ours alone so long."""

    def __init__(self) -> None:
        """Raises OSError."""
        self.folder, self._lock = _new_folder()

    def take(self, rotation: Rotation) -> list[Written]:
        """Put the files there that it does not have yet; what they are. What somebody else has taken away is told of.
        Raises OSError."""
        fresh = []
        with files.as_caller():
            for path, about in list(rotation.done.items()):
                to = self.folder / path.name
                if is_gone(path):
                    rotation.forget(path)
                elif not to.exists():
                    _put(path, to)
                    fresh.append(about)
        return fresh

    def tell(self, about: Record) -> None:
        """Write its page, in place of one that is there. Raises OSError."""
        files.write_text(self.folder / PAGE, json.dumps({"schema": SCHEMA, **about}, indent=1) + "\n")

    def close(self) -> None:
        """Nothing more comes. One without a page was never an incident."""
        if not (self.folder / PAGE).exists():
            _remove(self.folder)
        os.close(self._lock)


class Window:
    """One, from its first packet until it is dropped."""

    def __init__(self, source: Source, say: Callable[[str], None], size: int, span_ns: int) -> None:
        """At most `size` bytes and `span_ns` of packet time. Raises OSError."""
        self._span_ns = span_ns
        self.folder, self._lock = _new_folder()
        self.rotation = Rotation(self.folder, FILES_MOST, max(size // FILES, 1 << 20), source, say, span_ns // FILES,
                                 size)

    def roll(self, now_ns: int) -> None:
        """Let go of what is older than the window is long."""
        self.rotation.drop_before(now_ns - self._span_ns)

    def drop(self) -> None:
        """It is not wanted."""
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


def clean(incidents: int) -> list[Path]:
    """Remove windows that belong to nobody, and of incidents all but the newest so many: these. One that a running
    netwatch adds to stays."""
    with files.as_caller():
        found = list(kept())
        frozen = [each for each in found if each.incident]
        strays = [each.folder for each in found if not each.incident and not each.in_use]
        old = [each.folder for each in frozen[: max(0, len(frozen) - incidents)] if not each.in_use]
        for folder in [*strays, *old]:
            remove(folder)
    return old


def remove(folder: Path) -> None:
    """A folder of the recorder's; what is not its own stays, and the folder with it."""
    _remove(folder)


def _new_folder() -> tuple[Path, int]:
    """A folder, by name after all that are there, and the lock that says it is ours. Raises OSError."""
    stem = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    with files.as_caller():
        files.make_folder(root())
        last = max((path.name[-3:] for path in root().glob(f"{stem}-[0-9][0-9][0-9]")), default="")
        for turn in range(int(last) + 1 if last else 0, 1000):
            folder = root() / f"{stem}-{turn:03d}"
            try:
                folder.mkdir(mode=0o700)
                break
            except FileExistsError:
                continue
        else:
            raise FileExistsError(17, "a thousand windows of this second", str(root()))
        lock = os.open(folder / LOCK, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def _put(path: Path, to: Path) -> None:
    """The same file under another name; where the file system, or the jail, has no such thing, a copy. Raises
    OSError."""
    try:
        os.link(path, to, follow_symlinks=False)
    except OSError:
        try:
            shutil.copyfile(path, to)
        except OSError:
            to.unlink(missing_ok=True)
            raise


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
