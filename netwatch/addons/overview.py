"""What the Dashboard shows: the past, the responders that matter most, and round trips that passed by anyway."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.view.aggregate import MANY
from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.insights import dns_failing
from netwatch.addons.interfaces import DOWN, Interface, Interfaces
from netwatch.addons.throughput import DnsTime, Past, Throughput, dns_of, past_of
from netwatch.addons.timeline import TimelineAddon
from netwatch.model.contract import Addon
from netwatch.model.group import By, GroupKey, Within
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Session


HOST = By(("name.host",), "peer")
PEER = (HOST, By(("process.name",)))


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
    rate_down: int  # bytes/s now
    rate_up: int
    rtt_us: int | None  # mean of the handshakes timed
    app: str  # what moved most bytes
    apps: int  # different ones
    within: Within  # its flows

    @property
    def spoken(self) -> str:
        """The protocols: "tls +3"."""
        return f"{self.app} +{self.apps - 1}" if self.apps > 1 else self.app


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
    carried: int = 0  # bytes of flows inside others, which count them too
    dns_failing: tuple[int, int, str] = (0, 0, "")  # in the range: see insights.dns_failing()


@dataclass(frozen=True)
class OverviewQuestion:
    """`by_rate`: what moves now counts, else what was moved in all. `where`, a Filter, picks the flows of the peers;
    counts by the second are of everything. `hosts`: peers are told by host alone, and with what was moved by flows that
    are over, whatever their order."""

    range: str = "5m"
    top: int = 40
    by_rate: bool = True
    where: Filter | None = None
    interfaces: bool = False
    hosts: bool = False

    def answer(self, session: Session) -> Overview:
        found = Interfaces().answer(session).rows if self.interfaces and session.live else ()
        return session.look(self._looked(session, tuple(sorted(found, key=_busy, reverse=True))))

    def _looked(self, session: Session, interfaces: tuple[Interface, ...]) -> Generator[bool, None, Overview]:
        past, timed, known = past_of(session, self.range), None, session.get(Throughput).gateway
        if known is not None:
            timed = yield from session.view.round_trip(known[0])
        ended, parts = self.hosts or not self.by_rate, (HOST,) if self.hosts else PEER
        selected = yield from session.view.select(self.where, None, False, ended)
        groups = GroupList(selected, [GroupBy(selected.view, *by) for by in parts],
                           session.get(Throughput).history, ours=True, row="rate" if self.by_rate else "bytes",
                           most=MANY)
        found = yield from groups.largest(self.top, "rate" if self.by_rate else "bytes")
        records = yield from session.recorded([sums["row"] for _, sums in found])
        peers = tuple(_peer(parts, key, sums, record, ended)
                      for (key, sums), record in zip(found, records, strict=True))
        yield True
        timeline = session.get(TimelineAddon)
        failing = dns_failing(timeline.mark(), timeline.mark_before(past.since_ns) if past.since_ns else None)
        gateway = Gateway(known[1], *(timed or (None, ""))) if known is not None else None
        dns = dns_of(session, past)
        yield False
        return Overview(past, dns(), gateway, peers, self.by_rate, groups.groups, groups.unplaced,
                        interfaces, groups.carried, failing)


def _busy(row: Interface) -> tuple[float, bool]:
    """By what moves, those that are up before the others."""
    return row.rate.rx_bytes_s + row.rate.tx_bytes_s if row.rate else 0.0, row.state != DOWN


def _peer(by: tuple[By, ...], key: tuple[GroupKey, ...], sums: Record, record: Record, ended: bool) -> Peer:
    """`key`: a host by name, or an address; a program. `record`: of the flow that counts most, for the address of a
    name."""
    kind, host = key[0]
    program = key[1][1] if len(key) > 1 else None
    named = kind == "name.host"
    address = str(record.get("dst") or "") if named else str(host or "")
    who = f"{program} and " if program else ""
    return Peer(
        process=str(program or ""), name=str(host) if named else "", address=address,
        within=Within(by, key, f"{who}{host or 'no address'}", ended), flows=sums["flows"],
        down=sums["bytes_in"], up=sums["bytes_out"],
        rate_down=sums.get("rate_in", 0), rate_up=sums.get("rate_out", 0), rtt_us=sums.get("rtt_us"),
        app=str(sums["app"] or ""), apps=sums["apps"])


class OverviewAddon(Addon):
    """Tells what the Dashboard shows."""

    name = "overview"
    questions = (OverviewQuestion,)
