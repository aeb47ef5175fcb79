"""What a pipeline's steps give, one thing for each record, before anything of it is looked up or written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.out.encoder import Encoder
from netwatch._fast.out.flowfields import NATIVE
from netwatch._fast.out.packetfields import PacketFields
from netwatch._fast.out.packetrows import PacketRows
from netwatch.records.values import Record
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.records.first_pass import Scout

Cells = list[str | None]
Piece = bytes | Cells  # what is written of one record, to be put out later


class Flows(NamedTuple):
    """Records of the flows that other records belong to. `scout`: who has seen them end, where somebody has."""

    pipeline: Pipeline
    show_secrets: bool
    scout: Scout | None = None

    def record(self, engine: Engine, row: int, keys: frozenset[str] | None) -> Record | None:
        """As far as it is known now."""
        return self.pipeline.record(engine, row, self.show_secrets, keys) if row else None


class FlowItem(NamedTuple):
    """A flow record. `wanted`: the keys that are shown of what its row does not hold; None: all."""

    flows: Flows
    engine: Engine
    row: int
    wanted: frozenset[str] | None

    @property
    def kind(self) -> str:
        return "flow"

    def record(self, keys: frozenset[str] | None = None) -> Record:
        return self.flows.record(self.engine, self.row, keys) or {}

    def flow(self, keys: frozenset[str] | None = None) -> Record | None:
        return None

    def write(self, encoder: Encoder, keys: frozenset[str]) -> Cells | None:
        rest = self.flows.pipeline.described(self.engine, self.row, self.flows.show_secrets, self.wanted)
        cells: Cells | None = encoder.flow(self.engine, self.row, rest)
        return cells


class DictItem(NamedTuple):
    """A record that is a dict already; the row of its flow, 0 none."""

    kind: str
    body: Record
    flows: Flows
    engine: Engine
    row: int

    def record(self, keys: frozenset[str] | None = None) -> Record:
        return self.body

    def flow(self, keys: frozenset[str] | None = None) -> Record | None:
        if self.flows.scout is not None:
            return self.flows.scout.record(self.body.get("flow", 0))
        return self.flows.record(self.engine, self.row, keys)

    def write(self, encoder: Encoder, keys: frozenset[str]) -> Cells | None:
        """`keys`: those of its flow's record that are shown."""
        cells: Cells | None = encoder.record(self.kind, self.body, self.flow(keys) if keys else None)
        return cells


class KeptItem(NamedTuple):
    """A record that was kept: nothing is known but what it says."""

    kind: str
    body: Record

    def record(self, keys: frozenset[str] | None = None) -> Record:
        return self.body

    def flow(self, keys: frozenset[str] | None = None) -> Record | None:
        return None

    def write(self, encoder: Encoder, keys: frozenset[str]) -> Cells | None:
        cells: Cells | None = encoder.record(self.kind, self.body)
        return cells


class PacketItem(NamedTuple):
    """One of a chunk's packets."""

    rows: PacketRows
    place: int
    fields: PacketFields
    flows: Flows

    @property
    def kind(self) -> str:
        return "packet"

    def record(self, keys: frozenset[str] | None = None) -> Record:
        found: Record = self.rows.record(self.fields, self.place, keys)
        return found

    def flow(self, keys: frozenset[str] | None = None) -> Record | None:
        if self.flows.scout is not None:
            return self.flows.scout.record(self.rows.number(self.place))
        return self.flows.record(*self.flows.pipeline.flow_of(self.rows, self.place), keys)

    def write(self, encoder: Encoder, keys: frozenset[str]) -> Cells | None:
        """`keys`: those of its flow's record that are shown."""
        cells: Cells | None = encoder.packet(self.rows, self.place, self.flow(keys) if keys else None)
        return cells


class Packets:
    """A run of packets with nothing else between them: from `first` up to `last`, which is not of it."""

    __slots__ = ("fields", "first", "flows", "last", "rows")

    def __init__(self, rows: PacketRows, first: int, last: int, fields: PacketFields, flows: Flows) -> None:
        self.rows, self.first, self.last, self.fields, self.flows = rows, first, last, fields, flows

    def __iter__(self) -> Iterator[PacketItem]:
        return map(self.item, range(self.first, self.last))

    def item(self, place: int) -> PacketItem:
        """The packet there."""
        return PacketItem(self.rows, place, self.fields, self.flows)

    def part(self, first: int, last: int) -> Packets:
        """Some of them."""
        return Packets(self.rows, first, last, self.fields, self.flows)


class FlowRun:
    """Flows with nothing else between them. `wanted`: see FlowItem."""

    __slots__ = ("flows", "rows", "wanted")

    def __init__(self, flows: Flows, rows: Sequence[tuple[Engine, int]], wanted: frozenset[str] | None) -> None:
        self.flows, self.rows, self.wanted = flows, rows, wanted

    def __iter__(self) -> Iterator[FlowItem]:
        for engine, row in self.rows:
            yield FlowItem(self.flows, engine, row, self.wanted)

    def write(self, encoder: Encoder) -> Iterator[Cells | None]:
        """Each of them, one after the other."""
        flows = self.flows
        if self.wanted is not None and self.wanted <= NATIVE:
            nothing: Record = {}
            for engine, row in self.rows:
                yield encoder.flow(engine, row, nothing)
            return
        described = flows.pipeline.described_each(self.rows, flows.show_secrets, self.wanted)
        for (engine, row), rest in zip(self.rows, described, strict=True):
            yield encoder.flow(engine, row, rest)


Item = FlowItem | DictItem | KeptItem | PacketItem
