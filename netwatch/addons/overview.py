"""What the Dashboard shows: the past, the responders that matter most, and round trips that passed by anyway."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.view.aggregate import MANY
from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.groups import GroupKey
from netwatch.addons.interfaces import DOWN, Interface, Interfaces
from netwatch.addons.throughput import DnsTime, Past, Throughput, dns_of, past_of
from netwatch.model.contract import Addon
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Session


@dataclass(frozen=True)
class Peer:
    """Flows with one host, of one process where that is known: the responder, or who came to this machine. `name` is
    "" when there is none but the address."""

    process: str
    name: str
    address: str
    flows: int
    down: int  # bytes from the host
    up: int
    rate_down: int  # bytes/s in the last full second
    rate_up: int
    rtt_us: int | None  # handshake, of the flow that counts most
    app: str
    flow: int  # id of that flow


@dataclass(frozen=True)
class Gateway:
    """The default gateway, and the newest round trip to it that was seen: nobody is asked for one."""

    address: str
    rtt_us: int | None
    how: str


@dataclass(frozen=True)
class Overview:
    past: Past
    dns: DnsTime
    gateway: Gateway | None  # None for a file, or where there is no default route
    peers: tuple[Peer, ...]
    by_rate: bool
    hosts: int  # that were told apart
    left_out: int  # flows for which there was no room
    interfaces: tuple[Interface, ...] = ()  # of a live source, busiest first, where they were asked for


@dataclass(frozen=True)
class OverviewQuestion:
    """`by_rate`: what moves now counts, else what was moved in all. `where`, a Filter, picks the flows of the peers;
    counts by the second are of everything."""

    range: str = "5m"
    top: int = 40
    by_rate: bool = True
    where: Filter | None = None
    interfaces: bool = False

    def answer(self, session: Session) -> Overview:
        found = Interfaces().answer(session).rows if self.interfaces and session.live else ()
        return session.look(self._looked(session, tuple(sorted(found, key=_busy, reverse=True))))

    def _looked(self, session: Session, interfaces: tuple[Interface, ...]) -> Generator[bool, None, Overview]:
        past, timed, known = past_of(session, self.range), None, session.get(Throughput).gateway
        if known is not None:
            timed = yield from session.view.round_trip(known[0])
        selected = yield from session.view.select(self.where, None, False, not self.by_rate)
        groups = GroupList(selected, [GroupBy(selected.view, ("name.host",), "peer"),
                                      GroupBy(selected.view, ("process.name",))],
                           session.get(Throughput).history, ours=True, row="rate" if self.by_rate else "bytes",
                           most=MANY)
        found = yield from groups.largest(self.top, "rate" if self.by_rate else "bytes")
        records = yield from session.recorded([sums["row"] for _, sums in found])
        peers = tuple(_peer(key[0], sums, record) for (key, sums), record in zip(found, records, strict=True))
        yield True
        gateway = Gateway(known[1], *(timed or (None, ""))) if known is not None else None
        return Overview(past, dns_of(session, past), gateway, peers, self.by_rate, groups.groups, groups.unplaced,
                        interfaces)


def _busy(row: Interface) -> tuple[float, bool]:
    """By what moves, those that are up before the others."""
    return row.rate.rx_bytes_s + row.rate.tx_bytes_s if row.rate else 0.0, row.state != DOWN


def _peer(key: GroupKey, sums: Record, record: Record) -> Peer:
    """`key`: a host by name, or an address; `record`: of the flow that counts most."""
    address = str(key[1] if key[0] == "address" else record.get("dst") or "")
    return Peer(
        process=str((record.get("process") or {}).get("name") or ""),
        name=str((record.get("name") or {}).get("host") or "") if address == record.get("dst") else "",
        address=address, flows=sums["flows"], down=sums["bytes_in"], up=sums["bytes_out"],
        rate_down=sums.get("rate_in", 0), rate_up=sums.get("rate_out", 0), rtt_us=record.get("rtt_us"),
        app=str(record.get("app") or record.get("proto") or ""), flow=record.get("id", 0))


class OverviewAddon(Addon):
    """Tells what the Dashboard shows."""

    name = "overview"
    questions = (OverviewQuestion,)
