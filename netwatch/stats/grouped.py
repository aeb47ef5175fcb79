"""Records of one kind by the values of some fields, and sums of others: `netwatch read --by`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from netwatch._fast.out.record import iso
from netwatch.model.record import Record
from netwatch.records.columns import Column as Asked
from netwatch.records.items import Item, Packets
from netwatch.records.values import keys_of
from netwatch.stats.flows import each_of, number_of, title_of
from netwatch.stats.table import MOST_GROUPS, Column, Kind, Table, most_first

TIMES = ("time", "first")  # of a record, the first that it has
NOT_TOLD = f"beyond {MOST_GROUPS:,} groups records are not told apart: {{:,}} of them are left out"


class Grouped:
    """`what`: the kind, as --what has it; `name`: what their count is called. `by` and `sums` are the columns of these
    records, or of their flows. `interval_ns`: besides, by time, in steps that begin at whole multiples of it since
    1970; `moment` reads a time of records, in ns. A record with several values counts in several groups."""

    def __init__(self, what: str, name: str, by: Sequence[Asked], sums: Sequence[Asked],
                 interval_ns: int | None = None, moment: Callable[[str], int | None] = lambda text: None) -> None:
        self.kinds = frozenset({what})
        self.by, self.sums, self.interval_ns = by, sums, interval_ns
        self.name, self.moment = name, moment
        columns = (*by, *sums)
        self._own = keys_of(path for column in columns for path in column.own) | set(TIMES)
        self._flow = keys_of(path for column in columns for path in column.flow)
        self.keys = self._own if what == "flows" else self._flow
        self.groups: dict[tuple[object, ...], list[float]] = {}
        self.left_out = 0

    def take(self, item: Item) -> None:
        record = item.record(self._own)
        flow = item.flow(self._flow) if self._flow else None
        values = [number_of(column.value(record, flow)) for column in self.sums]
        parts = [each_of(column.value(record, flow)) for column in self.by]
        for key in product(*self._moment(record), *parts):
            if key not in self.groups and len(self.groups) >= MOST_GROUPS:
                self.left_out += 1
                continue
            group = self.groups.setdefault(key, [0] * (1 + len(values)))
            group[0] += 1
            for i, value in enumerate(values, 1):
                group[i] += value

    def take_all(self, packets: Packets) -> None:
        for item in packets:
            self.take(item)

    def _moment(self, record: Record) -> Iterator[Sequence[object]]:
        """The step of time it is in, where that is asked."""
        if self.interval_ns is None:
            return
        text = next((record[key] for key in TIMES if key in record), None)
        ns = self.moment(text) if text is not None else None
        yield (iso(ns - ns % self.interval_ns) if ns is not None else None,)

    def tables(self) -> list[Table]:
        heads = ["time"] * (self.interval_ns is not None) + [column.name for column in self.by]
        names = [self.name, *(column.name for column in self.sums)]
        rows = most_first(({**dict(zip(heads, key, strict=True)), **dict(zip(names, group, strict=True))}
                           for key, group in self.groups.items()), *names[1:2], self.name)
        if self.interval_ns is not None:
            rows.sort(key=lambda row: str(row["time"] or ""))
        brief = self.interval_ns is not None and self.interval_ns % 1_000_000_000 == 0
        columns = [*(Column(head, head, Kind.TIME if head == "time" and brief else Kind.TEXT) for head in heads),
                   Column(self.name, self.name, Kind.COUNT),
                   *(Column(column.name, title_of(column.name, (*column.own, *column.flow)[0]), Kind.COUNT)
                     for column in self.sums)]
        words = [NOT_TOLD.format(self.left_out)] if self.left_out else []
        return [Table(f"{next(iter(self.kinds))} by {', '.join(heads)}", "group", columns, rows,
                      bar=names[1] if self.sums else self.name, open=True, words=words)]
