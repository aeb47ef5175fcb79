"""What the Stats tab shows: the past over a range, and sums over flows.

Counters of a flow tell its whole life, so sums over flows for a range take the flows that began in it; those that are
older are counted and left out. For the session all flows that are still held are taken.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.view.aggregate import MANY
from netwatch._fast.view.engineview import held
from netwatch._fast.view.groupby import STEPS_US, GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.groups import BY, why
from netwatch.addons.throughput import DnsTime, Past, Throughput, dns_of, past_of
from netwatch.model.contract import Addon
from netwatch.model.group import By, GroupKey, Within
from netwatch.model.record import Record
from netwatch.names.addon import Names

if TYPE_CHECKING:
    from netwatch._fast.view.selection import Selection
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

SPREAD_US: tuple[int, ...] = STEPS_US
SHARES = 65536  # protocols told apart
PROTOCOL = (By(("proto",)), By(("app",)))
# what sums can be made by: the parts of the key, the first of which is shown
BREAKDOWNS: dict[str, tuple[By, ...]] = {
    "protocol": PROTOCOL, "process": (BY["process"],), "port": (By(("dport",)), By(("proto",))),
    "country": (BY["country"],), "host": (BY["host"],), "DNS name": (By(("dns.names",)),),
    "DNS answer": (By(("dns.rcode",)), By(("app",))), "DNS server": (By(end="dst"), By(("app",))),
}
NOTHING: GroupKey = ("none", None)


@dataclass(frozen=True)
class Share:
    """One protocol: `app` is "" where none was recognised."""

    transport: str
    app: str
    flows: int
    packets: int
    bytes: int


@dataclass(frozen=True)
class Piece:
    """One row of a breakdown that is not by protocol; `within`: its flows."""

    label: str
    flows: int
    packets: int
    bytes: int
    within: Within


@dataclass(frozen=True)
class Talker:
    """One address: what it sent and received, in `flows` flows."""

    address: str
    name: str
    sent: int
    received: int
    flows: int


@dataclass(frozen=True)
class Statistics:
    past: Past
    dns: DnsTime
    shares: tuple[Share, ...]
    talkers: tuple[Talker, ...]
    addresses: int  # told apart
    left_out: int  # flows for which there was no room among the addresses
    handshake: tuple[int, ...]  # flows in each step of SPREAD_US
    data: tuple[int, ...]
    dns_latency: tuple[int, ...]
    pieces: tuple[Piece, ...]  # by what was asked for, most bytes (DNS: flows) first; none by protocol, see `shares`
    why: str  # why nothing may be known of what they are by
    carried: int  # bytes of flows inside others, which count them too
    older: int  # flows heard in the range that began before it: in none of the sums
    gone: int  # flows that ended too long ago to be held: likewise


@dataclass(frozen=True)
class StatisticsQuestion:
    """`where`, a Filter, picks the flows that are summed up; counts by the second are of everything. `by`: one of
    BREAKDOWNS."""

    range: str = "session"
    top: int = 100
    where: Filter | None = None
    by: str = "protocol"

    def answer(self, session: Session) -> Statistics:
        return session.look(self._looked(session))

    def _looked(self, session: Session) -> Generator[bool, None, Statistics]:
        past = past_of(session, self.range)
        looked_at = {name for by in BREAKDOWNS[self.by] for name in by.looked_at}
        selected = yield from session.view.select(self.where, wanted=looked_at)
        shares, older, carried = yield from _shares(selected, past.since_ns)
        by_address = GroupList(selected, [GroupBy(selected.view, end="each")], row="bytes", most=MANY)
        found = yield from by_address.largest(self.top)
        pieces = yield from self._pieces(session, selected, past.since_ns)
        handshake = yield from _spread(selected, "rtt_us", "tcp")
        data = yield from _spread(selected, "srtt_us", "tcp")
        latency = yield from _spread(selected, "dns.latency_us")
        yield True
        names, clock = session.get(Names), session.engine.clock
        talkers = tuple(_talker(str(key[0][1]), sums, names.called(str(key[0][1]), clock)) for key, sums in found)
        dns, gone = dns_of(session, past), held(session.engine)["gone"]
        yield False
        return Statistics(past, dns(), shares, talkers, by_address.groups, by_address.unplaced,
                          handshake, data, latency, pieces, why(session, self.by), carried, older, gone)

    def _pieces(self, session: Session, selected: Selection, since: int) -> Generator[bool, None, tuple[Piece, ...]]:
        """By what was asked for."""
        by = BREAKDOWNS[self.by]
        if by == PROTOCOL:
            return ()
        groups = GroupList(selected, [GroupBy(selected.view, *part) for part in by],
                           session.get(Throughput).history, most=MANY)
        found = yield from groups.largest(self.top, "flows" if self.by.startswith("DNS") else "bytes")
        return tuple(Piece(label, sums["flows"], sums["packets_out"] + sums["packets_in"],
                           sums["bytes_out"] + sums["bytes_in"], Within(by, key, f"{self.by} {label}", since=since))
                     for key, sums in found if (label := self._label(session, key)))

    def _label(self, session: Session, key: tuple[GroupKey, ...]) -> str:
        """What a group is called; "" for what such a breakdown is not about."""
        (kind, value), app = key[0], key[-1][1]
        if self.by == "port":
            if value is None:
                return f"{app}, no port"
            service = session.get(Names).services.ports.get(str(app), {}).get(int(str(value)), "")
            return f"{value}/{app} {service}".rstrip()
        if self.by == "DNS server" or (self.by == "DNS answer" and value is None):
            return "" if app != "dns" else str(value) if value else "no answer"
        if self.by == "DNS answer":
            return f"{value}" if app == "dns" else f"{value} {app or ''}".rstrip()
        if kind == "process.unknown":
            return f"no program: {value}"
        return str(value) if value is not None else "" if self.by == "DNS name" else "unknown"


def _shares(selected: Selection, since: int) -> Generator[bool, None, tuple[tuple[Share, ...], int, int]]:
    """(what each protocol moved, most first; flows that began before; bytes inside tunnels). Only the flows that count
    stay selected."""
    groups = GroupList(selected, [GroupBy(selected.view, ("proto",)), GroupBy(selected.view, ("app",))], since=since)
    found = yield from groups.largest(SHARES)
    shares = tuple(Share(str(proto or ""), str(app or ""), sums["flows"], sums["packets_out"] + sums["packets_in"],
                         sums["bytes_out"] + sums["bytes_in"]) for ((_, proto), (_, app)), sums in found)
    return shares, groups.older, groups.carried


def _spread(selected: Selection, field: str, only: str = "") -> Generator[bool, None, tuple[int, ...]]:
    """Flows, `only` those of a protocol, in each step of SPREAD_US, by a time that they know."""
    groups = GroupList(selected, [GroupBy(selected.view, (field,), steps=True), GroupBy(selected.view, ("proto",))])
    found = yield from groups.largest(SHARES)
    flows = [0] * len(SPREAD_US)
    for ((name, step), (_, proto)), sums in found:
        if name == field and only in ("", proto):
            flows[int(str(step))] += sums["flows"]
    return tuple(flows)


def _talker(address: str, sums: Record, name: str) -> Talker:
    return Talker(address, name, sums["bytes_out"], sums["bytes_in"], sums["flows"])


class StatisticsAddon(Addon):
    """Sums up protocols, addresses and round trips."""

    name = "statistics"
    questions = (StatisticsQuestion,)
