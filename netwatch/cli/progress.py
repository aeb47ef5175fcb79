"""The line that says how far the reading of files has come, where standard error is a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

FIRST_AFTER = 1.0  # seconds
EVERY = 0.2  # seconds


class Progress:
    """Of one source; what is over in a second shows none."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._due = time.monotonic() + FIRST_AFTER if sys.stderr.isatty() else float("inf")
        self._drawn = False

    def show(self) -> None:
        """Draw it anew, where that is due."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY
        done = f"{100 * self._source.bytes_read / self._source.size:.0f} %, " if self._source.size else ""
        print(f"\r\033[Kreading: {done}{self._source.frames_read:,} packets", end="", file=sys.stderr, flush=True)
        self._drawn = True

    def clear(self) -> None:
        """Take it away."""
        if self._drawn:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
