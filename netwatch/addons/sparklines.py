"""The last minute of the flows that are on screen, second by second, for their sparklines."""

from __future__ import annotations

from typing import Any

from netwatch._fast.view.minute import Minutes
from netwatch.run.pipeline import Step


class Minute:
    """Sees to it that each second of packet time is looked at while it can still be told from the others."""

    wants: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.flows = Minutes()

    def watch(self, session: Any, box: Any, step: Step | None) -> None:
        self.flows.sample(session.engine)
