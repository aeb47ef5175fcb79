"""How far a reading has come, on a terminal's standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

FIRST_AFTER, EVERY = 1.0, 0.2  # seconds


class Progress:
    """One line that is drawn over itself, when the reading takes long; nothing where nobody would see it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._next = time.monotonic() + FIRST_AFTER if sys.stderr.isatty() else float("inf")
        self._drawn = False

    def show(self) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        done = f"{100 * self.source.bytes_read / self.source.size:.0f} %, " if self.source.size else ""
        print(f"\r\033[Kreading: {done}{self.source.frames_read:,} packets", end="", file=sys.stderr, flush=True)
        self._drawn = True

    def clear(self) -> None:
        if self._drawn:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
