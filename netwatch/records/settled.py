"""Records of a reading, each once and as it is in the end: of a live source alerts are told when they are raised, and
findings when they open, when they close, and all of them at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netwatch.detect.addon import Detect
from netwatch.model.contract import Run
from netwatch.model.event import Step
from netwatch.records.items import DictItem, Item, Packets


class Settled:
    """Where records are kept, not watched."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._raised: list[DictItem] = []

    def items(self, found: Iterable[Item | Packets], step: Step) -> Iterator[Item | Packets]:
        """Of what a step gave, what is settled by now."""
        live = self._run.purpose.live
        for item in found:
            if live and isinstance(item, DictItem) and item.kind in ("alert", "finding"):
                if item.kind == "alert":
                    self._raised.append(item)
                    continue
                if not step.over:
                    continue
            yield item
        detect = self._run.find(Detect) if step.over and self._raised else None
        if detect is not None:
            bodies = {body["id"]: body for body in detect.bodies()}
            yield from (item._replace(body=item.body | bodies.get(item.body["id"], {})) for item in self._raised)
            self._raised.clear()
