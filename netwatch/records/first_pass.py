"""What each flow of a file turns out to be, learnt by reading the file once before its records are made.

So a packet at the beginning of a flow is shown with the application of the flow, and passes a filter on it, by what the
flow was when it ended, and not by how far the input happened to be read when the packet was looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch._fast.out.rawflow import RawFlow
from netwatch.model.event import Step
from netwatch.records.values import Record, keys_of
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.filter.split import Split

MOST = 1_000_000  # flows whose records are kept for what is shown of them with others


class Scout:
    """Some nine bytes a flow, and the part of its record that is shown with others. `where`: the filter whose
    conditions are answered, `shown`: the keys of flow records; without either only applications are learnt."""

    def __init__(self, where: Filter | None, shown: frozenset[str] = frozenset(), show_secrets: bool = False) -> None:
        self.apps = bytearray(1)  # by flow number
        self._split = _halves(where)
        self._keys = keys_of(where.fields) if where is not None else frozenset()
        self._bits = [0]
        self._shown = shown
        self._show_secrets = show_secrets
        self._records: dict[int, Record] = {}
        self.missed = 0  # flows beyond the bound

    def look(self, pipeline: Pipeline, stop: Callable[[], bool]) -> None:
        """Read to the end, or until stop() says so."""
        for step in pipeline.steps():
            self._learn_all(pipeline, step)
            if stop():
                return
        self._learn_all(pipeline, pipeline.finish())

    def _learn_all(self, pipeline: Pipeline, step: Step) -> None:
        for engine, row in step.ended:
            self._learn(pipeline, RawFlow(engine, row))

    def record(self, number: int) -> Record | None:
        """What is shown of a flow."""
        return self._records.get(number)

    def passes(self, record: Record) -> bool:
        """Does a record pass that is not a flow's own?"""
        assert self._split is not None
        return self._split.passes(record, self.class_of(record.get("flow", 0)))

    def class_of(self, flow: object) -> int:
        """What the filter knows of a flow by its number: records that are alike otherwise pass where this is alike."""
        return self._bits[flow] if isinstance(flow, int) and flow < len(self._bits) else 0

    def _learn(self, pipeline: Pipeline, flow: RawFlow) -> None:
        number = flow.id
        if number >= len(self.apps):
            more = number + 1 - len(self.apps) + number // 4
            self.apps += bytes(more)
            self._bits += [0] * more
        self.apps[number] = flow.app
        if self._split is not None:
            self._bits[number] = self._split.bits(pipeline.record(flow.engine, flow.row, wanted=self._keys))
        if self._shown and len(self._records) < MOST:
            self._records[number] = pipeline.record(flow.engine, flow.row, self._show_secrets, self._shown)
        elif self._shown:
            self.missed += 1


def _halves(where: Filter | None) -> Split | None:
    if where is None:
        return None
    from netwatch.filter.split import Split

    return Split(where.node)
