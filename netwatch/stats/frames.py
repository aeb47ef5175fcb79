"""Statistics of frames: by time, by protocol, and what is remarkable of them."""

from __future__ import annotations

from netwatch._fast.out.frametotals import MOST_INTERVALS, FrameTotals
from netwatch._fast.out.record import iso
from netwatch.model.record import Record
from netwatch.records.items import Item, PacketItem, Packets
from netwatch.stats.table import Column, Kind, Table, most_first

EMPTY_SHOWN = 10_000  # intervals without frames that are written, all told; beyond, only those with some
# what tshark calls it, by what netwatch notes: severity, group, protocol, summary
EXPERT = {
    ("tcp", "SYN"): ("chat", "sequence", "tcp", "connection request (SYN)"),
    ("tcp", "SYN ACK"): ("chat", "sequence", "tcp", "connection accepted (SYN ACK)"),
    ("tcp", "FIN"): ("chat", "sequence", "tcp", "connection finished by one side (FIN)"),
    ("tcp", "RST"): ("warning", "sequence", "tcp", "connection reset (RST)"),
    ("frame", "cut by snap length"): ("note", "capture", "frame", "cut by the snap length"),
    ("note", "retransmission"): ("note", "sequence", "tcp", "retransmission"),
    ("note", "spurious retransmission"): ("note", "sequence", "tcp", "spurious retransmission"),
    ("note", "fast retransmission"): ("note", "sequence", "tcp", "fast retransmission"),
    ("note", "out of order"): ("warning", "sequence", "tcp", "out of order"),
    ("note", "previous bytes missing"): ("warning", "sequence", "tcp", "previous bytes missing"),
    ("note", "duplicate ack"): ("note", "sequence", "tcp", "duplicate acknowledgement"),
    ("note", "zero window"): ("warning", "sequence", "tcp", "zero window"),
    ("note", "keep-alive"): ("note", "sequence", "tcp", "keep-alive"),
    ("note", "outside window"): ("warning", "sequence", "tcp", "outside the receive window"),
    ("note", "unexpected signature"): ("warning", "security", "tcp", "signed and its connection not, or the reverse"),
    ("note", "bad checksum"): ("error", "checksum", "tcp", "bad checksum"),
}
SEVERITIES = ("error", "warning", "note", "chat")


class FrameStatistic:
    """One that counts frames."""

    kinds = frozenset({"packets"})
    keys: frozenset[str] = frozenset()

    def __init__(self, interval_ns: int = 0) -> None:
        self.totals = FrameTotals(interval_ns)

    def take(self, item: Item) -> None:
        if isinstance(item, PacketItem):
            self.totals.take_one(item.rows, item.place)

    def take_all(self, packets: Packets) -> None:
        self.totals.take(packets.rows, packets.first, packets.last)


class InputOutput(FrameStatistic):
    """Frames and bytes of every interval, from the first frame on."""

    def __init__(self, interval_ns: int) -> None:
        super().__init__(interval_ns)
        self.interval_ns = interval_ns

    def tables(self) -> list[Table]:
        counted = self.totals.by_interval()
        found = {number: (frames, octets) for number, frames, octets in counted}
        numbers = list(found)
        if counted and numbers[-1] - numbers[0] < EMPTY_SHOWN + len(found):
            numbers = list(range(numbers[0], numbers[-1] + 1))
        words = [] if len(numbers) > len(found) or not self._holes(numbers) else [
            "intervals without frames are left out: there are more than can be shown"]
        if self.totals.late[0]:
            words.append(f"beyond {MOST_INTERVALS:,} intervals {self.totals.late[0]:,} frames are left out")
        if self.totals.timeless:
            words.append(f"{self.totals.timeless:,} frames have no time, and are in no interval")
        rows = [self._row(number, *found.get(number, (0, 0))) for number in numbers]
        columns = [Column("start", "from s", Kind.SECONDS), Column("time", "time (UTC)", Kind.TIME, 3),
                   Column("packets", "packets", Kind.COUNT), Column("bytes", "bytes", Kind.COUNT),
                   Column("bits_per_s", "bits/s", Kind.COUNT, 2)]
        return [Table(f"frames by {self.interval_ns / 1e9:g} s", "interval", columns, rows, bar="bytes",
                      words=words)]

    def _holes(self, numbers: list[int]) -> bool:
        return bool(numbers) and numbers[-1] - numbers[0] + 1 > len(numbers)

    def _row(self, number: int, frames: int, octets: int) -> Record:
        at = number * self.interval_ns
        return {"start": at / 1e9, "time": iso(max(self.totals.start + at, 0)), "packets": frames, "bytes": octets,
                "bits_per_s": round(octets * 8e9 / self.interval_ns)}


class Protocols(FrameStatistic):
    """The tree of protocols: frames and bytes of those that have a protocol below another. An application has the
    frames that carry some of its bytes."""

    def tables(self) -> list[Table]:
        tree: dict[tuple[str, ...], list[int]] = {}
        for layers, app, frames, octets in self.totals.by_stack():
            path = (*layers, app) if app and layers[-1:] != (app,) else layers  # IGMP is both
            for depth in range(1, len(path) + 1):
                node = tree.setdefault(path[:depth], [0, 0])
                node[0] += frames
                node[1] += octets
        total = sum(node[1] for path, node in tree.items() if len(path) == 1)
        rows = [{"protocol": path[-1], "path": ":".join(path), "depth": len(path) - 1, "packets": node[0],
                 "bytes": node[1], "share": round(node[1] / total, 6) if total else 0}
                for path, node in self._in_order(tree)]
        columns = [Column("protocol", "protocol"), Column("packets", "packets", Kind.COUNT),
                   Column("bytes", "bytes", Kind.COUNT), Column("share", "share %", Kind.SHARE, 2)]
        return [Table("protocols", "protocol", columns, rows, bar="bytes")]

    def _in_order(self, tree: dict[tuple[str, ...], list[int]]) -> list[tuple[tuple[str, ...], list[int]]]:
        """Each below its parent, of brothers the largest first."""
        return sorted(tree.items(), key=lambda each: [
            (-tree[each[0][:depth]][1], each[0][depth - 1]) for depth in range(1, len(each[0]) + 1)])


class Expert(FrameStatistic):
    """What of frames is remarkable, by its severity."""

    def tables(self) -> list[Table]:
        rows = []
        for group, what, count, frame, ns in self.totals.by_happening():
            severity, of, proto, summary = EXPERT.get((group, what), ("error", "malformed", "frame", what))
            rows.append({"severity": severity, "group": of, "protocol": proto, "summary": summary, "count": count,
                         "frame": frame, "time": None if ns is None else iso(ns)})
        rows = most_first(rows, "count")
        rows.sort(key=lambda row: SEVERITIES.index(str(row["severity"])))
        columns = [Column("severity", "severity"), Column("group", "group", rank=3),
                   Column("protocol", "protocol", rank=2), Column("count", "frames", Kind.COUNT),
                   Column("summary", "summary"), Column("frame", "first frame", Kind.COUNT, 1),
                   Column("time", "time (UTC)", Kind.TIME, 4)]
        return [Table("expert", "expert", columns, rows, bar="count")]
