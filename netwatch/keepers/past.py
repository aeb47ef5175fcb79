"""What came in each second: the engine counts it, this keeper tells it what the engine cannot see.

That is how many frames were lost before they came here, and which addresses are this machine's own, by which bytes in
and out are told apart. A capture file has no such addresses: it may be from anywhere.
"""

from __future__ import annotations

import time
from typing import Any

from netwatch._fast.series import History
from netwatch.pipeline import Step
from netwatch.platform import base, current

ASK_AGAIN = 10.0  # seconds between two looks at the machine's addresses


class Past:
    """`history` is the engine's; `knows_here` whether this machine's addresses are known."""

    wants: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.history = History()
        self.knows_here = False
        self._second = 0
        self._next_look = 0.0

    def begin(self, session: Any) -> None:
        session.engine.remember(self.history)
        if session.live:
            self._look_at_addresses()

    def watch(self, session: Any, box: Any, step: Step | None) -> None:
        """Once a second of packet time, and of a live source only: nothing is lost from a file."""
        second = self.history.second
        if not session.live or second == self._second:
            return
        self._second = second
        stats = session.source.stats()
        self.history.set_drops(sum(stats.get(f"{where}_drops", 0) for where in ("kernel", "interface", "ring")))
        if time.monotonic() >= self._next_look:
            self._look_at_addresses()

    def _look_at_addresses(self) -> None:
        self._next_look = time.monotonic() + ASK_AGAIN
        try:
            found = current().addresses()
        except (base.Unavailable, OSError):
            return
        self.history.set_here(found)
        self.knows_here = bool(found)
