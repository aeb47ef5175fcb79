"""Where records go: those that pass, in the asked order, to a writer; frames of packets that pass also to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from netwatch._fast.out.packetrows import PacketRows
from netwatch.model.record import Record
from netwatch.records.clock import Clock
from netwatch.records.items import FlowRun, Item, KeptItem, Packets, Piece
from netwatch.records.selection import Selection

Save = Callable[[PacketRows, Sequence[int]], None]


class Writes(Protocol):
    """Who writes records: records.writers.Writer, or one in the words of others."""

    style: str
    clock: Clock | None

    @property
    def left_out(self) -> Sequence[str]: ...
    def described(self) -> frozenset[str] | None: ...
    def flow_keys(self, kind: str) -> frozenset[str]: ...
    def shows(self, kind: str, name: str) -> bool: ...
    def write(self, item: Item) -> None: ...
    def flows(self, run: FlowRun) -> None: ...
    def packets(self, run: Packets) -> None: ...
    def summary(self, record: Record) -> None: ...
    def piece(self, item: Item) -> Piece: ...
    def put(self, kind: str, piece: Piece) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


class Sum(Protocol):
    """Who adds flows up, to records of another kind (netwatch.stats)."""

    def take(self, item: Item) -> None: ...
    def records(self) -> Iterable[KeptItem]: ...


class Output:
    """`kinds`: those that are shown; packets may be wanted for `save` alone, flows for `sums`. `by_number`: flows wait
    to be sorted by it where no order was asked for."""

    def __init__(self, writer: Writes, selection: Selection, kinds: set[str], *, by_number: bool = False,
                 save: Save | None = None, sums: Sequence[Sum] = ()) -> None:
        self.writer = writer
        self.selection = selection
        self.came = False  # was there any record?
        self._packets = "packets" in kinds
        self._waits = by_number or selection.sort is not None
        self._save = save
        self._flows = "flows" in kinds
        self._sums = sums

    def take(self, items: Iterable[Item | Packets | FlowRun]) -> None:
        """What a step gave."""
        for item in items:
            if isinstance(item, Packets):
                self._take_packets(item)
            elif isinstance(item, FlowRun):
                self._take_flows(item)
            elif self.selection.passes(item):
                self._pass_on(item)

    def finish(self) -> None:
        """Write what waited, and what flows add up to."""
        for each in self._sums:
            for record in each.records():
                self._show(record)
        for kind, piece in self.selection.ordered():
            self.writer.put(kind, piece)

    def _take_packets(self, run: Packets) -> None:
        if self.selection.takes_all and not self._waits and self._save is None:
            if self._packets:
                self.came = self.came or run.first < run.last
                self.writer.packets(run)
            return
        if not self._packets and self._save is None:
            return
        places = self.selection.passing(run)
        if self._save is not None:
            self._save(run.rows, places)
        if not self._packets:
            return
        if self._waits or self.selection.limit is not None:
            for place in places:
                self._show(run.item(place))
            return
        self.came = self.came or bool(places)
        for first, last in unbroken(places):
            self.writer.packets(run.part(first, last))

    def _take_flows(self, run: FlowRun) -> None:
        if self.selection.takes_all and not self._waits and not self._sums:
            self.came = self.came or bool(run.rows)
            self.writer.flows(run)
            return
        for item in run:
            if self.selection.passes(item):
                self._pass_on(item)

    def _pass_on(self, item: Item) -> None:
        """One that passes."""
        if item.kind == "flow":
            for each in self._sums:
                each.take(item)
            if not self._flows:
                return
        self._show(item)

    def _show(self, item: Item) -> None:
        self.came = True
        if self._waits:
            self.selection.keep(item, self.writer.piece(item))
        elif self.selection.take(item.kind):
            self.writer.write(item)


def unbroken(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, behind the last) of those that follow each other, of places in order."""
    at = 0
    while at < len(places):
        end = at + 1
        while end < len(places) and places[end] == places[end - 1] + 1:
            end += 1
        yield places[at], places[end - 1] + 1
        at = end
