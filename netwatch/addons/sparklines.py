"""The last minute of the flows that are on screen, second by second, for their sparklines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.view.minute import Minutes
from netwatch.model.contract import Addon
from netwatch.model.event import Event, Step

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run


class Sparklines(Addon):
    """Remembers the last minute of flows on screen: each second of packet time is looked at while it can be told
    apart."""

    name = "sparklines"

    def begin(self, run: Run) -> None:
        self._minutes = Minutes()
        self._engine: Engine = run.engines[0]

    def take(self, step: Step) -> Sequence[Event]:
        self._minutes.sample(self._engine)
        return ()

    def of(self, numbers: list[int]) -> list[tuple[bytes, bytes] | None]:
        """The last minute of these rows, which are on screen from now on (see Minutes.of)."""
        self._minutes.want(self._engine, numbers)
        return [self._minutes.of(self._engine, number) for number in numbers]
