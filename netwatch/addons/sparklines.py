"""The last minute of the flows that are on screen, second by second, for their sparklines."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.view.minute import Minutes
from netwatch.model.contract import Addon
from netwatch.model.event import Event, Step

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run

SECOND_NS = 1_000_000_000
MINUTE_S = 60
APART_S = 50  # between two dumps: each tells of a minute
MOST = 36  # dumps


class Sparklines(Addon):
    """Remembers the last minute of flows on screen: each second of packet time is looked at while it can be told
    apart. What was remembered is put down each minute, for the minute before any moment in the last half hour."""

    name = "sparklines"

    def begin(self, run: Run) -> None:
        self._minutes = Minutes()
        self._engine: Engine = run.engines[0]
        self._dumps: deque[tuple[int, bytes]] = deque(maxlen=MOST)  # when (s), and what was remembered, compressed

    def take(self, step: Step) -> Sequence[Event]:
        self._minutes.sample(self._engine)
        return ()

    def of(self, numbers: list[int]) -> list[tuple[bytes, bytes] | None]:
        """The last minute of these rows, which are on screen from now on (see Minutes.of)."""
        self._minutes.want(self._engine, numbers)
        return [self._minutes.of(self._engine, number) for number in numbers]

    def put_down(self, ns: int) -> None:
        """See Addon."""
        second = ns // SECOND_NS
        if not self._dumps or second >= self._dumps[-1][0] + APART_S:
            self._dumps.append((second, zlib.compress(self._minutes.dump(), 1)))

    def minutes_of(self, engine: Engine, ns: int) -> Minutes:
        """The minute before a moment that was put down, of the flows of that moment's engine. The engine of the session
        holds still."""
        second, found = ns // SECOND_NS, []
        for when, dump in self._dumps:
            if when > second - MINUTE_S:
                found.append(zlib.decompress(dump))
                if when > second:  # what was put down in it was not yet asked for
                    break
        else:
            found.append(self._minutes.dump())
        minutes = Minutes()
        minutes.load(engine, second, found)
        return minutes
