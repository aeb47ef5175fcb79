"""A key log file as it grows: new lines, a line in two pieces, truncation, another file under the same name."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator

from netwatch.decrypt.keylog import MAX_LINE

READ_BYTES = 262_144
READ_MOST = 67_108_864  # bytes taken in one look, so that a file that grows for ever keeps nobody


class Followed:
    """One path. Nothing is read before poll(); a file that is not there may appear later."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.too_long = 0
        self._fd = -1
        self._at = 0
        self._rest = b""
        self._skipping = False

    def open(self, wait: bool = False) -> None:
        """Open it now. Raises OSError. With `wait` the end of a pipe is waited for, whoever writes it."""
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        mode = os.fstat(fd).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
            os.close(fd)
            raise IsADirectoryError(0, "not a file", self.path)
        if wait:
            fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        self.close()
        self._fd = fd

    def poll(self) -> Iterator[bytes]:
        """The lines that were completed since the last call, as they are read, of blank ones in a row one. Trouble
        reading is no news: there may be better times."""
        try:
            if self._fd < 0:
                self.open()
            yield from self._read()
            if self._replaced():
                last = self.unfinished
                self.open()
                yield last
                yield from self._read()
        except OSError:
            return

    @property
    def unfinished(self) -> bytes:
        """The last line, while its end has not been written."""
        return b"" if self._skipping else self._rest

    @property
    def behind(self) -> bool:
        """Does a file hold more than was read of it?"""
        info = os.fstat(self._fd) if self._fd >= 0 else None
        return info is not None and stat.S_ISREG(info.st_mode) and info.st_size > self._at

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._at, self._rest, self._skipping = -1, 0, b"", False

    def _replaced(self) -> bool:
        """Is there another file under the name now?"""
        ours = os.fstat(self._fd)
        if not stat.S_ISREG(ours.st_mode):
            return False
        try:
            named = os.stat(self.path)
        except FileNotFoundError:
            return False
        return (ours.st_dev, ours.st_ino) != (named.st_dev, named.st_ino)

    def _read(self) -> Iterator[bytes]:
        """Lines from where we were, or from the beginning of a file that became shorter."""
        info = os.fstat(self._fd)
        regular = stat.S_ISREG(info.st_mode)
        if regular and info.st_size < self._at:
            os.lseek(self._fd, 0, os.SEEK_SET)
            self._at, self._rest, self._skipping = 0, b"", False
        elif regular and info.st_size == self._at:
            return
        taken = 0
        while taken < READ_MOST:
            try:
                data = os.read(self._fd, READ_BYTES)
            except BlockingIOError:
                break
            if not data:
                break
            taken += len(data)
            self._at += len(data)
            yield from self._split(data)

    def _split(self, data: bytes) -> list[bytes]:
        """Whole lines; the beginning of the next waits, and one that is too long is passed over."""
        data = self._rest + data
        while b"\n\n" in data:
            data = data.replace(b"\n\n", b"\n")
        lines = data.split(b"\n")
        self._rest = lines.pop()
        if lines and self._skipping:
            del lines[0]
            self._skipping = False
        if len(self._rest) > MAX_LINE:
            self.too_long += not self._skipping
            self._rest, self._skipping = b"", True
        return lines
