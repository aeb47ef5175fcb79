"""Statistics of flow records: who spoke with whom, who spoke, round trips, and sums by any field."""

from __future__ import annotations

import collections
import functools
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product

from netwatch._fast.out.record import iso
from netwatch.model.record import Record
from netwatch.records.columns import Column as Asked
from netwatch.records.items import Item, Packets
from netwatch.records.values import keys_of
from netwatch.stats import numbers
from netwatch.stats.numbers import Numbers, Rows, key_of, order_of, parts_of
from netwatch.stats.table import MOST_GROUPS, Column, Kind, Table, most_first

ADDRESSES = ("ip", "ipv6")  # levels of addresses alone
# tunnels whose outer packets are no flow of their own: their ends are known from the flows inside
WITHOUT_FLOW = ("gre", "ipip", "6in4", "4in6", "6in6", "erspan", "etherip", "mpls-in-ip")
ENDS = frozenset({"id", "proto", "src", "sport", "dst", "dport", "packets_out", "packets_in", "bytes_out", "bytes_in",
                  "first", "last", "tunnel"})
SPREAD_US = (300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000)  # upper bounds of the steps of a spread
NOT_TOLD = "beyond {:,} groups flows are not told apart: {:,} of them are left out"


class FlowStatistic:
    """One that takes flows alone. `most`: groups that it tells apart."""

    kinds = frozenset({"flows"})
    keys: frozenset[str] = ENDS
    most = MOST_GROUPS

    def __init__(self) -> None:
        self.left_out = 0

    def take(self, item: Item) -> None:
        self.add(item.record(self.keys))

    def take_all(self, packets: Packets) -> None:
        """Nothing: flows count them."""

    def add(self, flow: Record) -> None:
        raise NotImplementedError

    def room(self, groups: Collection[object], key: object) -> bool:
        """May the group be added, or is it there?"""
        if key in groups or len(groups) < self.most:
            return True
        self.left_out += 1
        return False

    def words(self) -> list[str]:
        return [NOT_TOLD.format(self.most, self.left_out)] if self.left_out else []


# of a pair: its flows; packets and bytes of the key's first end, and of its second; those of a tunnel, whichever way;
# the number of the first flow, below 0 where the key's second end began it; times in ns
(FLOWS, A_PACKETS, A_BYTES, B_PACKETS, B_BYTES, OUTER_PACKETS, OUTER_BYTES, NUMBER, FIRST, LAST) = range(10)
NO_TIME = -(1 << 63)
NO_PAIR = (0, 0, 0, 0, 0, 0, 0, 0, NO_TIME, NO_TIME)
# of an end: flows, packets, bytes, packets and bytes sent, and received; and whether who sent what is not known
END_KEYS = ("flows", "packets", "bytes", "packets_sent", "bytes_sent", "packets_received", "bytes_received")
WAYLESS = len(END_KEYS)


class Pairs(Numbers):
    """What two ends said to each other."""

    def __init__(self) -> None:
        super().__init__(NO_PAIR)

    def take(self, place: int, flow: Record, swapped: bool) -> None:
        """Another flow, which the key's second end began if `swapped`."""
        self._meet(place, flow, swapped)
        a, b = ("in", "out") if swapped else ("out", "in")
        for column, key in ((A_PACKETS, f"packets_{a}"), (A_BYTES, f"bytes_{a}"), (B_PACKETS, f"packets_{b}"),
                            (B_BYTES, f"bytes_{b}")):
            self.add(place, column, flow.get(key, 0))

    def take_outer(self, place: int, flow: Record) -> None:
        """Another flow in the tunnel."""
        self._meet(place, flow, False)
        self.add(place, OUTER_PACKETS, flow.get("packets_out", 0) + flow.get("packets_in", 0))
        self.add(place, OUTER_BYTES, flow.get("bytes_out", 0) + flow.get("bytes_in", 0))

    def sent(self, place: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Packets and bytes of the key's first end, and of its second."""
        numbers = [column[place] for column in self.columns[A_PACKETS:B_BYTES + 1]]
        return (numbers[0], numbers[1]), (numbers[2], numbers[3])

    def amounts(self, place: int) -> tuple[int, int]:
        """Bytes and packets in all."""
        at = self.columns
        return (at[A_BYTES][place] + at[B_BYTES][place] + at[OUTER_BYTES][place],
                at[A_PACKETS][place] + at[B_PACKETS][place] + at[OUTER_PACKETS][place])

    def _meet(self, place: int, flow: Record, swapped: bool) -> None:
        self.add(place, FLOWS, 1)
        number = self.columns[NUMBER]
        if not number[place] or flow["id"] < abs(number[place]):
            number[place] = -flow["id"] if swapped else flow["id"]
        if "first" in flow:
            first, last = (_nanoseconds(flow[key]) for key in ("first", "last"))
            firsts, lasts = self.columns[FIRST:LAST + 1]
            firsts[place] = min(firsts[place], first) if firsts[place] != NO_TIME else first
            lasts[place] = max(lasts[place], last)


class Conversations(FlowStatistic):
    """Pairs of ends: of address and port, or with `ip` or `ipv6` among `types` of addresses alone. A pair's flows are
    summed up: those of a port that was used again, of different VLANs and tunnels, of before and after a long pause."""

    def __init__(self, types: Sequence[str]) -> None:
        super().__init__()
        self.types = types
        self.pairs = Pairs()

    def add(self, flow: Record) -> None:
        for level, a, b in self._levels(flow):
            swapped = (b[0], b[1] or 0) < (a[0], a[1] or 0)
            key = key_of(level, *((b, a) if swapped else (a, b)))
            if self.room(self.pairs.places, key):
                self.pairs.take(self.pairs.place(key), flow, swapped)

    def _levels(self, flow: Record) -> Iterator[tuple[str, tuple[str, int | None], tuple[str, int | None]]]:
        src, dst, proto = flow.get("src"), flow.get("dst"), flow["proto"]
        if src is None or dst is None:
            return
        if proto in self.types or not self.types:
            yield proto, (src, flow.get("sport")), (dst, flow.get("dport"))
        level = level_of(src)
        if proto != "arp" and level in self.types:
            yield level, (src, None), (dst, None)
        if set(ADDRESSES) & set(self.types):
            self._add_tunnels(flow)

    def _add_tunnels(self, flow: Record) -> None:
        """The tunnels around a flow that are no flow themselves."""
        name = ""
        for word in flow.get("tunnel", ()):
            if ">" not in word:
                name = word
                continue
            a, _, b = word.rpartition(" ")[2].partition(">")
            level = level_of(a)
            if name in WITHOUT_FLOW and level in self.types:
                a, b = sorted((a, b))
                key = key_of(level, (a, None), (b, None))
                if self.room(self.pairs.places, key):
                    self.pairs.take_outer(self.pairs.place(key), flow)

    def tables(self) -> list[Table]:
        pairs, keys = self.pairs, [*self.pairs.places]
        ports = any(port is not None for key in keys for _, port in parts_of(key)[1])
        rows = Rows(lambda place: _row(keys[place], pairs, place), numbers.most_first(
            len(keys), pairs.amounts, lambda place: order_of(*_ends(keys[place], pairs, place))))
        columns = [Column("proto", "proto"), Column("src", "src"), *([Column("sport", "sport", Kind.COUNT)] * ports),
                   Column("dst", "dst"), *([Column("dport", "dport", Kind.COUNT)] * ports),
                   Column("flows", "flows", Kind.COUNT, 4), Column("packets_out", "packets →", Kind.COUNT, 5),
                   Column("bytes_out", "bytes →", Kind.COUNT, 3), Column("packets_in", "packets ←", Kind.COUNT, 5),
                   Column("bytes_in", "bytes ←", Kind.COUNT, 3), Column("packets", "packets", Kind.COUNT, 2),
                   Column("bytes", "bytes", Kind.COUNT), Column("duration", "duration s", Kind.SECONDS, 6),
                   Column("first", "first (UTC)", Kind.TIME, 7)]
        return [Table("conversations", "conversation", columns, rows, bar="bytes", open=True, words=self.words())]


def level_of(address: str) -> str:
    """What --type calls the conversations of such addresses alone."""
    if ":" not in address:
        return "ip"
    return "eth" if address.count(":") == 5 and "::" not in address else "ipv6"


def _ends(key: str, pairs: Pairs, place: int) -> tuple[str, list[tuple[str, int | None]]]:
    """The level, and the ends, who began first."""
    level, ends = parts_of(key)
    return level, ends[::-1] if pairs.columns[NUMBER][place] < 0 else ends


def _row(key: str, pairs: Pairs, place: int) -> Record:
    level, ((src, sport), (dst, dport)) = _ends(key, pairs, place)
    out, into = pairs.sent(place)
    if pairs.columns[NUMBER][place] < 0:
        out, into = into, out
    size, packets = pairs.amounts(place)
    known = not pairs.columns[OUTER_PACKETS][place]
    first, last = pairs.columns[FIRST][place], pairs.columns[LAST][place]
    timed = first != NO_TIME
    return {"proto": level, "src": src, "sport": sport, "dst": dst, "dport": dport,
            "flows": pairs.columns[FLOWS][place],
            "packets_out": out[0] if known else None, "bytes_out": out[1] if known else None,
            "packets_in": into[0] if known else None, "bytes_in": into[1] if known else None,
            "packets": packets, "bytes": size,
            "duration": (last - first) / 1e9 if timed else None, "first": iso(first) if timed else None}


def _nanoseconds(text: str) -> int:
    return _second(text[:19]) * 1_000_000_000 + int(text[20:-1] or 0)


@functools.lru_cache(4096)
def _second(text: str) -> int:
    """Since 1970."""
    from datetime import UTC, datetime

    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


class Endpoints(Conversations):
    """The ends of conversations, with what each sent and received."""

    def _added_up(self) -> Numbers:
        """What all pairs of an end come to."""
        ends = Numbers((0,) * (WAYLESS + 1))
        at = self.pairs.columns
        for key, pair in self.pairs.places.items():
            level, both = parts_of(key)
            first, second = self.pairs.sent(pair)
            for sent, received, who in ((first, second, both[0]), (second, first, both[1])):
                place = ends.place(key_of(level, who))
                size, packets = self.pairs.amounts(pair)
                for column, number in enumerate((at[FLOWS][pair], packets, size, *sent, *received,
                                                 at[OUTER_PACKETS][pair])):
                    ends.add(place, column, number)
        return ends

    def tables(self) -> list[Table]:
        ends = self._added_up()
        keys = [*ends.places]
        rows = Rows(lambda place: _end_row(keys[place], ends, place), numbers.most_first(
            len(keys), lambda place: (ends.columns[2][place], ends.columns[1][place]),
            lambda place: order_of(*parts_of(keys[place]))))
        ports = any(parts_of(key)[1][0][1] is not None for key in keys)
        columns = [Column("proto", "proto"), Column("address", "address"),
                   *([Column("port", "port", Kind.COUNT)] * ports), Column("flows", "flows", Kind.COUNT, 4),
                   Column("packets", "packets", Kind.COUNT, 2), Column("bytes", "bytes", Kind.COUNT),
                   Column("packets_sent", "packets sent", Kind.COUNT, 5),
                   Column("bytes_sent", "bytes sent", Kind.COUNT, 3),
                   Column("packets_received", "packets received", Kind.COUNT, 5),
                   Column("bytes_received", "bytes received", Kind.COUNT, 3)]
        return [Table("endpoints", "endpoint", columns, rows, bar="bytes", open=True, words=self.words())]


def _end_row(key: str, ends: Numbers, place: int) -> Record:
    level, ((address, port),) = parts_of(key)
    wayless = ends.columns[WAYLESS][place]
    return {"proto": level, "address": address, "port": port,
            **{name: None if wayless and i > 2 else ends.columns[i][place] for i, name in enumerate(END_KEYS)}}


class Groups(FlowStatistic):
    """Flows by the values of some fields, and sums of others. `by`, `sums`: by the names that were asked. A flow
    with several values counts in several groups."""

    def __init__(self, by: Mapping[str, Asked], sums: Mapping[str, Asked]) -> None:
        super().__init__()
        self.by, self.sums = by, sums
        self.keys = keys_of(path for column in (*by.values(), *sums.values()) for path in column.own)
        self.groups: dict[tuple[object, ...], list[float]] = {}

    def add(self, flow: Record) -> None:
        values = [number_of(column.value(flow, None)) for column in self.sums.values()]
        for key in product(*(each_of(column.value(flow, None)) for column in self.by.values())):
            if self.room(self.groups, key):
                group = self.groups.setdefault(key, [0] * (1 + len(values)))
                group[0] += 1
                for i, value in enumerate(values):
                    group[i + 1] += value

    def tables(self) -> list[Table]:
        names = ["flows", *self.sums]
        rows = [{**dict(zip(self.by, key, strict=True)), **dict(zip(names, group, strict=True))}
                for key, group in self.groups.items()]
        biggest = next(iter(self.sums), "flows")
        columns = [*(Column(name, name) for name in self.by), Column("flows", "flows", Kind.COUNT),
                   *(Column(name, title_of(name, asked.own[0]), Kind.COUNT) for name, asked in self.sums.items())]
        return [Table("flows by " + ", ".join(self.by), "group", columns, most_first(rows, biggest, "flows"),
                      bar=biggest, open=True, words=self.words())]


def title_of(name: str, field: str) -> str:
    """A heading with its unit, where the name does not say it."""
    from netwatch.schema import BY_NAME

    unit = BY_NAME[field].unit if field in BY_NAME else ""
    return name if not unit or name.startswith("bytes") or name.endswith(f"_{unit}") else f"{name} {unit}"


def each_of(value: object) -> Sequence[object]:
    if isinstance(value, list):
        return list(dict.fromkeys(each if isinstance(each, int | float) else str(each) for each in value)) or (None,)
    return (str(value),) if isinstance(value, dict) else (value,)


def number_of(value: object) -> float:
    if isinstance(value, list):
        return sum(map(number_of, value))
    return value if isinstance(value, int | float) else 0


class RoundTrips(FlowStatistic):
    """The time of the TCP handshake to each address and port that was connected to."""

    keys = frozenset({"proto", "dst", "dport", "rtt_us", "app"})

    def __init__(self) -> None:
        super().__init__()
        self.servers: dict[tuple[object, ...], list[int]] = {}
        self.apps: dict[tuple[object, ...], collections.Counter[str]] = {}

    def add(self, flow: Record) -> None:
        took = flow.get("rtt_us")
        key = flow.get("dst"), flow.get("dport")
        if took is not None and self.room(self.servers, key):
            self.servers.setdefault(key, []).append(took)
            self.apps.setdefault(key, collections.Counter())[flow.get("app") or ""] += 1

    def tables(self) -> list[Table]:
        rows = [{"dst": key[0], "dport": key[1], "app": _commonest(self.apps[key]), "flows": len(took),
                 **spread_of(took)} for key, took in self.servers.items()]
        columns = [Column("dst", "dst"), Column("dport", "dport", Kind.COUNT), Column("app", "app", rank=5),
                   Column("flows", "flows", Kind.COUNT, 1), Column("min_us", "min ms", Kind.MICROSECONDS, 2),
                   Column("median_us", "median ms", Kind.MICROSECONDS), Column("mean_us", "mean ms",
                                                                              Kind.MICROSECONDS, 4),
                   Column("p95_us", "p95 ms", Kind.MICROSECONDS, 3), Column("max_us", "max ms", Kind.MICROSECONDS, 1),
                   Column("spread", "≤0.3 1 3 10 30 100 300 >300 ms", Kind.SPREAD, 6)]
        return [Table("round trips of TCP handshakes", "rtt", columns, most_first(rows, "flows"), bar="", open=True,
                      words=self.words())]


def _commonest(apps: collections.Counter[str]) -> str | None:
    return min(apps.items(), key=lambda each: (-each[1], each[0]))[0] or None


def spread_of(values: list[int]) -> Record:
    """Least, middle, mean, 95th percentile (nearest rank) and most of some times in µs, and how many in each step."""
    values = sorted(values)
    n = len(values)
    steps = [0] * (len(SPREAD_US) + 1)
    for value in values:
        steps[bisect_left(SPREAD_US, value)] += 1
    return {"min_us": values[0], "median_us": values[(n - 1) // 2], "mean_us": round(sum(values) / n),
            "p95_us": values[-(-95 * n // 100) - 1], "max_us": values[-1], "spread": steps}
