"""A session whose frames come over a connection from another machine, where `netwatch feed` captures them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from netwatch.model.contract import Purpose
from netwatch.model.session import Health
from netwatch.run.session import Session

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.store.settings import Settings

LATE_NS = 3_000_000_000  # a frame waits for its owner there, for the next flush, and for the network
SILENT_S = 10.0  # without a word, of which there should be one a second: said


class Silence:
    """How long nothing has come from another machine."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._word = (-1, time.monotonic())  # bytes so far, and since when

    def told(self, received: int) -> str:
        """Of so many bytes by now, that no more came for long; "" while they do."""
        now = time.monotonic()
        if received != self._word[0]:
            self._word = received, now
        silent = now - self._word[1]
        return f"{self._label}: no word for {silent:.0f} s" if silent >= SILENT_S else ""


class RemoteSession(Session):
    """Time is the other machine's, whose clock may be any: it goes on from the last frame. Nobody is asked about this
    machine: owners and names are what came with the frames."""

    def __init__(self, purpose: Purpose, source: Source, why: Callable[[], str], *, dpi: bool, settings: Settings,
                 opened: Callable[[], None]) -> None:
        """`why` says why the connection ended, once it has."""
        super().__init__(purpose, lambda: source, dpi=dpi, settings=settings, opened=opened)
        self._why = why
        self._frames, self._last = -1, (0, 0.0)  # frames so far; packet time of the newest, and when it came
        self._silence = Silence(purpose.label)

    def idle_ns(self) -> int:
        """See Session."""
        if self.source.frames_read != self._frames:
            self._frames, self._last = self.source.frames_read, (self.engine.clock, time.monotonic())
        clock, came = self._last
        return max(0, clock + int((time.monotonic() - came) * 1e9) - LATE_NS) if clock else 0

    def health(self) -> Health:
        """See Session; the state of the connection is its error."""
        found = super().health()
        if found.done:
            return replace(found, error=found.error or f"{self.label}: {self._why()}")
        silent = self._silence.told(self.source.bytes_read)
        return replace(found, error=silent) if silent else found
