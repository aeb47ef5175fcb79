"""What the Dashboard shows: the past, the responders that matter most, and round trips that passed by anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.view import tallies
from netwatch.addons.interfaces import DOWN, Interface, Interfaces
from netwatch.addons.throughput import DnsTime, Past, Throughput, dns_of, past_of, rows_of
from netwatch.model.contract import Addon
from netwatch.model.record import Record
from netwatch.owners.addon import FlowOwners

if TYPE_CHECKING:
    from netwatch._fast.view.selection import Selection
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
        only = rows_of(session, self.where, not self.by_rate)
        with session.lock:
            return self._looked(session, tuple(sorted(found, key=_busy, reverse=True)), only)

    def _looked(self, session: Session, interfaces: tuple[Interface, ...], only: Selection | None) -> Overview:
        """What the rows tell. The caller holds session.lock."""
        past = past_of(session, self.range)
        found, peers = peers_of(session, self.top, self.by_rate, only)
        return Overview(past, dns_of(session, past), gateway_of(session), peers, self.by_rate, found["seen"],
                        found["refused"], interfaces)


def _busy(row: Interface) -> tuple[float, bool]:
    """By what moves, those that are up before the others."""
    return row.rate.rx_bytes_s + row.rate.tx_bytes_s if row.rate else 0.0, row.state != DOWN


def peers_of(session: Session, top: int, by_rate: bool,
             only: Selection | None) -> tuple[Record, tuple[Peer, ...]]:
    """(what was told apart, the first of it). The caller holds session.lock."""
    owners = session.get(FlowOwners)
    told = owners.column(session.engine) if owners.looking else None
    processes = (told.codes, told.tables["process.name"]) if told is not None else None
    found = tallies.peers(session.engine, 0, top, by_rate, session.view.host_texts, processes, only)
    return found, tuple(_peer(session, group) for group in found["top"])


def _peer(session: Session, group: Record) -> Peer:
    record = session.record(group["row"])
    return Peer(
        process=str((record.get("process") or {}).get("name") or ""),
        name=str((record.get("name") or {}).get("host") or "") if group["host"] or group["address"] == record.get("dst")
        else "", address=group["address"], flows=group["flows"],
        down=group["bytes_in"], up=group["bytes_out"], rate_down=group["rate_in"], rate_up=group["rate_out"],
        rtt_us=record.get("rtt_us"), app=str(record.get("app") or record.get("proto") or ""), flow=record.get("id", 0))


def gateway_of(session: Session) -> Gateway | None:
    """The caller holds session.lock."""
    found = session.get(Throughput).gateway
    if found is None:
        return None
    raw, text = found
    timed = tallies.rtt_to(session.engine, raw)
    return Gateway(text, *timed) if timed else Gateway(text, None, "")


class OverviewAddon(Addon):
    """Tells what the Dashboard shows."""

    name = "overview"
    questions = (OverviewQuestion,)
