"""The line on a terminal that says how far a long reading is; never between records."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from netwatch.cli.errors import clear_with

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source

PATIENCE = 1.0  # seconds before the first
EVERY = 0.2  # seconds


class Progress:
    """Of a source. `quiet`: records go to the same terminal as they come, so nothing is shown."""

    def __init__(self, source: Source, quiet: bool) -> None:
        self._source = source
        self._next = time.monotonic() + PATIENCE if sys.stderr.isatty() and not quiet else float("inf")
        self._drawn = False

    def show(self) -> None:
        """Draw it, where it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        source = self._source
        done = f"{100 * source.bytes_read / source.size:.0f} %, " if source.size else ""
        print(f"\r\033[Kreading: {done}{source.frames_read:,} packets", end="", file=sys.stderr, flush=True)
        self._drawn = True
        clear_with(self.clear)

    def clear(self) -> None:
        """The line is free again."""
        if self._drawn:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            clear_with(None)
        self._drawn = False
