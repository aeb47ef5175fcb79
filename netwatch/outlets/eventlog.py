"""The event log: JSON lines in a file, rotated by size."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from netwatch.outlets.plan import SNAPSHOT, OutletError


class EventLog:
    """All records but snapshots. FILE.1 is the newest of the rotated ones."""

    name = "log"

    def __init__(self, path: str, most: int, keep: int) -> None:
        """Raises OutletError."""
        self._path, self._most, self._keep = Path(path).absolute(), most, keep
        self._sent = self._dropped = 0
        self._error = ""
        self._fd = -1
        try:
            self._open()
        except OSError as e:
            raise OutletError(f"{path}: {e.strerror}") from None

    def take(self, kind: str, line: bytes) -> None:
        if kind == SNAPSHOT:
            return
        try:
            if self._fd < 0:
                self._open()
            if self._size and self._size + len(line) > self._most:
                self._rotate()
            view = memoryview(line)
            while view:
                view = view[os.write(self._fd, view):]
            self._size += len(line)
            self._sent += 1
            self._error = ""
        except OSError as e:
            self._dropped += 1
            self._error = e.strerror or str(e)

    def reopen(self) -> None:
        """Somebody else has moved it."""
        self.close()
        with contextlib.suppress(OSError):  # take() tries again
            self._open()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def state(self) -> dict[str, int | str]:
        return {"sent": self._sent, "dropped": self._dropped} | ({"error": self._error} if self._error else {})

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        self._size = os.fstat(self._fd).st_size

    def _rotate(self) -> None:
        self.close()
        for number in range(self._keep, 0, -1):
            older = self._path if number == 1 else self._path.with_name(f"{self._path.name}.{number - 1}")
            with contextlib.suppress(FileNotFoundError):
                os.replace(older, self._path.with_name(f"{self._path.name}.{number}"))
        if not self._keep:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
        self._open()
