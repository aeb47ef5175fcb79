"""Which records are shown, and in what order."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.view.packetverdicts import PacketVerdicts
from netwatch.records.columns import Column, column_of
from netwatch.records.items import Item, Packets
from netwatch.records.values import keys_of

if TYPE_CHECKING:
    from _typeshed import SupportsRichComparison

    from netwatch.filter import Filter
    from netwatch.filter.distinct import Class
    from netwatch.records.first_pass import Scout
    from netwatch.records.items import Piece
    from netwatch.schema import Type

ADDRESS_SIZES = (4, 16, 6)  # bytes of IPv4, IPv6 and MAC addresses, in the order they are sorted
SINGULARS = {"flows": "flow", "packets": "packet", "streams": "stream", "hosts": "host", "processes": "process"}
PLURALS = {one: many for many, one in SINGULARS.items()}
PRUNE = 4096  # records kept beyond the limit before the worst are dropped


class Kept(NamedTuple):
    """A record that waits for its turn: the value it is sorted by, and what is written of it."""

    value: SupportsRichComparison | None
    piece: Piece


def ordered_form(value: object, kind: Type | None) -> tuple[int, object] | None:
    """Values of any type in one order: numbers before addresses before text; IPv4 before IPv6, each as numbers. Of
    several values the first. None when there is none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return None
    if isinstance(value, int | float):
        return 0, value
    if kind == "address":
        from netwatch.filter.values import packed

        if (address := packed(str(value))) is not None:
            return 1, (ADDRESS_SIZES.index(len(address)), address)
    return 2, str(value)


def plural(kind: str) -> str:
    """How records of a kind are called, many of them."""
    return PLURALS.get(kind, f"{kind} records")


def _asks_flows(where: Filter) -> bool:
    """Does it ask what packets do not say themselves?"""
    from netwatch.schema import BY_NAME

    return any("packet" not in BY_NAME[name].kinds for name in where.fields)


def _value_of(kept: Kept) -> SupportsRichComparison:
    assert kept.value is not None
    return kept.value


def singular(kind: str) -> str:
    """`flow` for --what flows; dns, http and tls are called alike in both."""
    return SINGULARS.get(kind, kind)


class Selection:
    """Decides about each record, and keeps those that have to be sorted."""

    def __init__(self, where: Filter | None, sort: tuple[str, bool] | None, limit: int | None, *,
                 more: bool = False) -> None:
        """`more`: users' plugins may have added fields (see column_of)."""
        self.where = where
        self.sort = sort
        self.limit = limit
        self.scout: Scout | None = None  # who knows how the flows will end
        self.matched: collections.Counter[str] = collections.Counter()
        self.seen: collections.Counter[str] = collections.Counter()  # that were asked
        self._looked_at = keys_of(where.fields) if where is not None else frozenset()
        self._asks_flows = where is not None and _asks_flows(where)
        self._packet_keys: frozenset[str] = frozenset()
        self._verdicts: PacketVerdicts | None = None  # of packets
        self._more = more
        self._orders: dict[str, Column | None] = {}  # by kind
        self._shown: collections.Counter[str] = collections.Counter()
        self._kept: dict[str, list[Kept]] = {}

    @property
    def takes_all(self) -> bool:
        """Every record passes, and there is no limit."""
        return self.where is None and self.limit is None

    def passes(self, item: Item) -> bool:
        if self.where is None:
            return True
        self.seen[item.kind] += 1
        found = self._judge(item, self._looked_at if item.kind != "packet" else None)
        if found:
            self.matched[item.kind] += 1
        return found

    def passing(self, run: Packets) -> Sequence[int]:
        """The places of those of a run of packets that pass."""
        if self.where is None:
            return range(run.first, run.last)
        if self._verdicts is None:
            self._verdicts = PacketVerdicts(self._classes(self.where))
        keys = self._packet_keys
        places: list[int] = self._verdicts.passing(
            run.rows, run.first, run.last, lambda place, name: run.rows.value(run.fields, place, name),
            lambda place: self._judge(run.item(place), keys))
        self.seen["packet"] += run.last - run.first
        self.matched["packet"] += len(places)
        return places

    def _judge(self, item: Item, keys: frozenset[str] | None) -> bool:
        """`keys`: those of its record that are looked at, None all."""
        assert self.where is not None
        if self.scout is not None and item.kind != "flow":
            return self.scout.passes(item.record(keys))
        flow = item.flow(self._looked_at) if self._asks_flows or item.kind != "packet" else None
        return self.where.matches(item.record(keys), flow)

    def _classes(self, where: Filter) -> dict[str, Class]:
        """What of the values of packets matters. What their flow says changes, unless it is known how it ended."""
        from netwatch.filter.distinct import classes_of

        found = classes_of(where.node, "packet")
        if self._asks_flows:
            scout = self.scout
            self._packet_keys = frozenset((*found, "flow"))
            return {**found, "flow": scout.class_of} if scout is not None and "flow" not in found else {"n": bool}
        self._packet_keys = frozenset(found)
        return found

    def count(self, kind: str, seen: int, matched: int) -> None:
        """Records of a kind were asked elsewhere."""
        if self.where is not None:
            self.seen[kind] += seen
            self.matched[kind] += matched

    def take(self, kind: str) -> bool:
        """Is a record still within the limit of its kind? Counts it when it is."""
        if self.limit is not None and self._shown[kind] >= self.limit:
            return False
        self._shown[kind] += 1
        return True

    def satisfied(self, kinds: Iterable[str]) -> bool:
        """Every asked kind has reached the limit, so nothing more will be shown."""
        if self.limit is None or self.sort is not None or "summary" in kinds or not self._shown:
            return False
        return all(self._shown[singular(kind)] >= self.limit for kind in kinds)

    def keep(self, item: Item, piece: Piece) -> None:
        """Remember what is written of a record for ordered(); with a limit, only as many as may be shown. Without an
        order flows are sorted by their number, the others stay as they came."""
        value: SupportsRichComparison | None = None
        if self.sort is not None:
            value = self._sorted_by(item)
        elif item.kind == "flow":
            value = item.record(frozenset({"id"})).get("id")
        kept = self._kept.setdefault(item.kind, [])
        kept.append(Kept(value, piece))
        if self.limit is not None and len(kept) > self.limit + PRUNE:
            self._arrange(kept)

    def ordered(self) -> Iterable[tuple[str, Piece]]:
        """(kind, what is written) of the kept records, kind by kind, in the asked order."""
        for kind, kept in self._kept.items():
            self._arrange(kept)
            for each in kept:
                yield kind, each.piece

    def sort_keys(self, kind: str) -> frozenset[str]:
        """Keys of flow records that records of another kind are sorted by."""
        column = self._order(kind)
        return keys_of(column.flow) if column is not None and kind != "flow" else frozenset()

    def _order(self, kind: str) -> Column | None:
        if kind not in self._orders:
            self._orders[kind] = column_of(kind, self.sort[0], self._more) if self.sort is not None else None
        return self._orders[kind]

    def _sorted_by(self, item: Item) -> tuple[int, object] | None:
        """The value that it is sorted by, in a form that has an order."""
        column = self._order(item.kind)
        if column is None:
            return None
        flow = item.flow(keys_of(column.flow)) if column.flow else None
        return ordered_form(column.value(item.record(keys_of(column.own)), flow), column.type)

    def _arrange(self, kept: list[Kept]) -> None:
        absent = [each for each in kept if each.value is None]
        present = [each for each in kept if each.value is not None]
        present.sort(key=_value_of, reverse=self.sort is not None and self.sort[1])
        kept[:] = present + absent
        if self.limit is not None:
            del kept[self.limit:]
