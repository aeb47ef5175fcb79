"""A ring of pcapng files in one folder: the newest so many of about so many bytes, the oldest make room.

What is wrong with the disk is said, and what was written before stays as it was: a file that could not be finished is
cut back to its last whole block. Whoever has frames tries again later.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.store import files

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

NAME = re.compile(r"netwatch-\d{8}-\d{6}-(\d{6,})\.pcapng")  # when its first packet came (UTC), a number
TLS_KEY_LOG = 0x544C534B  # ng 4.7.1
PACKET = 6  # kind of a block: ng 4.3
SECTION = (0x0A0D0D0A).to_bytes(4, "little")  # ... and that of the first one: ng 4.1
ORDER = (0x1A2B3C4D).to_bytes(4, "little")
SECRETS_MOST = 1 << 23  # bytes of keys that each file is given, the newest
RETRY_S = 5.0
ROOM = 1 << 20  # bytes that a disk has at least, so that a file can be begun before another makes room for it


class Written(NamedTuple):
    """A file of this run that is done: the times of its first and last packets in ns, and how many it has."""

    began_ns: int
    ended_ns: int
    packets: int


class Rotation:
    """`folder` is there. Files of earlier runs count, and are the first to go; what is not named like ours is left."""

    def __init__(self, folder: Path, keep: int, size: int, source: Source, say: Callable[[str], None],
                 span_ns: int = 0, total: int = 0) -> None:
        """`keep` files of `size` bytes, and of `span_ns` of packet time (0: of any), `total` bytes of all (0: any)."""
        self.folder, self.keep, self.size, self._span_ns, self._total = folder, keep, size, span_ns, total
        self._began_ns = self._last_ns = 0  # of the open file
        self.done: dict[Path, Written] = {}  # those of this run that are still there
        self.files = 0  # made in this run
        self.removed = 0
        self.written = 0  # packets
        self.lost = 0  # ... that were taken, and then the disk did not keep them
        self._source, self._say = source, say
        self._writer: CaptureWriter | None = None
        self._path = folder
        self.moved = self.moved_files = 0  # packets that were kept, and that somebody else has taken away with the file
        self._whole = self._sure = 0  # bytes and packets of the open file that are surely on their way to the disk
        self._counted = 0  # bytes of it that are counted as taken: behind them is what is offered again
        self._taken = 0  # packets of it in all
        self._number = max(map(number_of, self._there()), default=0)
        for path in self._there()[-1:]:
            with contextlib.suppress(OSError):
                _trim(path, 0, None)
        self._secrets = bytearray()
        self._names: dict[str, str] = {}
        self._broken_until = 0.0  # monotonic clock

    @property
    def broken(self) -> bool:
        """The disk did not take it, and it is too early to try again."""
        return time.monotonic() < self._broken_until

    @property
    def folders(self) -> list[str]:
        """Those that are written to."""
        return [str(self.folder)]

    def told(self, received: int) -> str:
        """What was kept of so many packets, for people. What somebody else has taken away is told by itself."""
        for path in [path for path in self.done if is_gone(path)]:
            self.forget(path)
        removed = f", {self.removed:,} old ones made room" if self.removed else ""
        moved = f", {self.moved:,} packets in {self.moved_files:,} files that somebody moved or removed" \
            if self.moved_files else ""
        return f"{self.written:,} of {received:,} packets in {self.files:,} files in {self.folder}{removed}{moved}"

    @property
    def size_on_disk(self) -> int:
        """Bytes of all our files."""
        try:
            return sum(path.stat().st_size for path in self._there())
        except OSError:
            return 0

    def add_secrets(self, lines: bytes) -> None:
        """Keys for what follows, in this file and those to come: a connection may outlast several."""
        self._secrets += lines
        del self._secrets[: max(0, len(self._secrets) - SECRETS_MOST)]
        if self._writer is not None and lines:
            self._writer.add_secrets(TLS_KEY_LOG, lines)

    def put(self, write: Callable[[CaptureWriter], int], first_ns: int, last_ns: int) -> int | None:
        """Let packets be written, of which the first and the last are of these times; how many were. None: the disk did
        not take them."""
        if self.broken:
            return None
        try:
            if self._writer is not None and self._is_full(self._writer, first_ns):
                self.finish()
            fresh = self._writer is None
            writer = self._writer or self._open(first_ns)
            self._last_ns = max(self._last_ns, last_ns)
            writer.follow(self._source.interfaces)
            count = write(writer)
            if fresh:  # only when the disk takes it another makes room
                writer.flush()
                self._prune()
        except OSError as e:
            self._fail(e)
            return None
        if fresh:
            self._whole, self._sure = writer.bytes_written, writer.packets
        self.written += count
        self._taken += count
        self._counted = writer.bytes_written
        return count

    def flush(self) -> None:
        """What was written so far is the system's. The file may have been removed: then another is begun."""
        if self._writer is None:
            return
        try:
            self._writer.flush()
            self._whole, self._sure = self._writer.bytes_written, self._writer.packets
            os.stat(self._path)
        except OSError as e:
            self._fail(e)

    def finish(self, names: Sequence[tuple[str, str]] = ()) -> None:
        """Names and statistics, and the file is done."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            if names:
                writer.add_names(list(names))
            found = self._source.stats().get("interfaces", {})
            for number, interface in enumerate(self._source.interfaces[: writer.n_interfaces]):
                writer.add_statistics(number, found.get(interface["name"]))
            writer.close()
            self.done[self._path] = Written(self._began_ns, self._last_ns, writer.packets)
        except OSError as e:
            self._writer = writer
            self._fail(e)

    def drop_before(self, ns: int) -> None:
        """Remove the files of this run whose last packet is older."""
        for path in [path for path, about in self.done.items() if about.ended_ns < ns]:
            del self.done[path]
            with contextlib.suppress(OSError):
                path.unlink()
                self.removed += 1

    def forget(self, path: Path) -> None:
        """A file that is done is gone, and not by us."""
        gone = self.done.pop(path).packets
        self.moved += gone
        self.moved_files += 1
        self.written -= gone
        self.files -= 1

    def _is_full(self, writer: CaptureWriter, now_ns: int) -> bool:
        return bool(writer.bytes_written >= self.size or (self._span_ns and now_ns - self._began_ns >= self._span_ns))

    def _open(self, first_ns: int) -> CaptureWriter:
        self._number += 1
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(first_ns // 10**9))
        self._path = self.folder / f"netwatch-{stamp}-{self._number:06d}.pcapng"
        with files.as_caller():
            about = os.statvfs(self.folder)
            if about.f_bavail * about.f_frsize < ROOM:  # it may be full of our own
                self._prune()
            self._writer = writer = CaptureWriter(str(self._path))
        self._whole = self._sure = self._taken = self._counted = 0
        self._began_ns = self._last_ns = first_ns
        self.files += 1
        if self._secrets:
            writer.add_secrets(TLS_KEY_LOG, bytes(self._secrets))
        return writer

    def _there(self) -> list[Path]:
        """Our files, the oldest first."""
        found = [path for path in self.folder.iterdir() if NAME.fullmatch(path.name) and path.is_file()
                 and not path.is_symlink()]
        return sorted(found, key=lambda path: (number_of(path), path.name))

    def _prune(self) -> None:
        """Let the oldest go but for the open one, until there is room for that."""
        with files.as_caller():
            found = [path for path in self._there() if self._writer is None or path != self._path]
            sizes = [path.stat().st_size for path in found]
            over = sum(sizes) + self.size - self._total if self._total else 0
            for at, path in enumerate(found):
                if at > len(found) - self.keep and over <= 0:
                    break
                path.unlink()
                self.done.pop(path, None)
                self.removed += 1
                over -= sizes[at]

    def _fail(self, e: OSError) -> None:
        """Say it, and cut the open file back to what is whole, and is not offered again."""
        writer, self._writer = self._writer, None
        self._broken_until = time.monotonic() + RETRY_S
        self._say(f"{self._path}: {e.strerror}; recording goes on in memory, and the disk is tried again")
        if writer is not None:
            whole = True
            try:
                writer.close()
            except OSError:
                whole = False
            if whole and is_gone(self._path):
                self.done[self._path] = Written(self._began_ns, self._last_ns, self._taken)
                self.forget(self._path)
                return
            kept = 0
            with contextlib.suppress(OSError), files.as_caller():
                kept = self._sure + _trim(self._path, self._whole, self._counted)
                if kept:
                    self.done[self._path] = Written(self._began_ns, self._last_ns, kept)
                else:  # an empty one would have one that is none make room
                    self._path.unlink()
            self.files -= not kept
            self.lost += self._taken - kept
            self.written -= self._taken - kept


def is_gone(path: Path) -> bool:
    """Has somebody moved or removed it? Where that cannot be looked at it has not."""
    try:
        with files.as_caller():
            os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def number_of(path: Path) -> int:
    """That of a file of ours; 0 of another."""
    found = NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def _trim(path: Path, at: int, most: int | None) -> int:
    """Cut a file off behind its last whole block, and behind `most` bytes: whoever wrote it may have been killed, or
    found no more room. How many packets are in it from `at` on, where a block begins. Raises OSError."""
    packets = 0
    with files.as_caller():
        number = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(number, "r+b") as file:
            there = os.fstat(number).st_size
            first = file.read(12)
            if (first[:4], first[8:]) != (SECTION[:len(first)], ORDER[:max(0, len(first) - 8)]):
                return 0  # nobody knows what that is
            size = there if most is None else min(there, most)
            while at + 12 <= size:
                file.seek(at)
                kind, length = (int.from_bytes(file.read(4), "little") for _ in range(2))
                if length < 12 or length % 4 or at + length > size:
                    break
                packets += kind == PACKET
                at += length
            if at < there:
                file.truncate(at)
    return packets
