"""What a pipeline's steps give, one thing for each record, before anything of it is looked up or written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from netwatch._fast.out.encoder import Encoder
from netwatch._fast.out.packetfields import PacketFields
from netwatch._fast.out.packetrows import PacketRows
from netwatch.records.values import Record
from netwatch.run.pipeline import Pipeline

Cells = list[str | None]


class FlowItem(NamedTuple):
    """A flow record. `wanted`: the keys that are shown of what its row does not hold; None: all."""

    pipeline: Pipeline
    engine: Any
    row: int
    show_secrets: bool
    wanted: frozenset[str] | None

    @property
    def kind(self) -> str:
        return "flow"

    def record(self, keys: frozenset[str] | None = None) -> Record:
        return self.pipeline.record(self.engine, self.row, self.show_secrets, keys)

    def flow(self, keys: frozenset[str] | None = None) -> Record | None:
        return None

    def write(self, encoder: Encoder) -> Cells | None:
        rest = self.pipeline.described(self.engine, self.row, self.show_secrets, self.wanted)
        cells: Cells | None = encoder.flow(self.engine, self.row, rest)
        return cells


class DictItem(NamedTuple):
    """A record that is a dict already; the row of its flow, 0 none."""

    kind: str
    body: Record
    pipeline: Pipeline
    engine: Any
    row: int
    show_secrets: bool

    def record(self, keys: frozenset[str] | None = None) -> Record:
        return self.body

    def flow(self, keys: frozenset[str] | None = None) -> Record | None:
        return self.pipeline.record(self.engine, self.row, self.show_secrets, keys) if self.row else None

    def write(self, encoder: Encoder) -> Cells | None:
        cells: Cells | None = encoder.record(self.kind, self.body)
        return cells


class PacketItem(NamedTuple):
    """One of a chunk's packets."""

    rows: PacketRows
    place: int
    fields: PacketFields
    pipeline: Pipeline
    show_secrets: bool

    @property
    def kind(self) -> str:
        return "packet"

    def record(self, keys: frozenset[str] | None = None) -> Record:
        found: Record = self.rows.record(self.fields, self.place)
        return found

    def flow(self, keys: frozenset[str] | None = None) -> Record | None:
        engine, row = self.pipeline.flow_of(self.rows, self.place)
        return self.pipeline.record(engine, row, self.show_secrets, keys) if row else None

    def write(self, encoder: Encoder) -> Cells | None:
        found = encoder.packets_of(self.rows, self.place, self.place + 1)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Packets:
    """A run of packets with nothing else between them."""

    rows: PacketRows
    first: int
    last: int  # and one
    fields: PacketFields
    pipeline: Pipeline
    show_secrets: bool

    def __iter__(self) -> Iterator[PacketItem]:
        for place in range(self.first, self.last):
            yield PacketItem(self.rows, place, self.fields, self.pipeline, self.show_secrets)


Item = FlowItem | DictItem | PacketItem
