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
from netwatch.addons.throughput import DnsTime, Past, dns_of, past_of
from netwatch.model.contract import Addon
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.view.selection import Selection
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

SPREAD_US: tuple[int, ...] = STEPS_US
SHARES = 65536  # protocols told apart


@dataclass(frozen=True)
class Share:
    """One protocol: `app` is "" where none was recognised."""

    transport: str
    app: str
    flows: int
    packets: int
    bytes: int


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
    older: int  # flows heard in the range that began before it: in none of the sums
    gone: int  # flows that ended too long ago to be held: likewise


@dataclass(frozen=True)
class StatisticsQuestion:
    """`where`, a Filter, picks the flows that are summed up; counts by the second are of everything."""

    range: str = "session"
    top: int = 100
    where: Filter | None = None

    def answer(self, session: Session) -> Statistics:
        return session.look(self._looked(session))

    def _looked(self, session: Session) -> Generator[bool, None, Statistics]:
        past = past_of(session, self.range)
        selected = yield from session.view.select(self.where)
        shares, older = yield from _shares(selected, past.since_ns)
        by_address = GroupList(selected, [GroupBy(selected.view, end="each")], row="bytes", most=MANY)
        found = yield from by_address.largest(self.top)
        handshake = yield from _spread(selected, "rtt_us")
        data = yield from _spread(selected, "srtt_us")
        records = yield from session.recorded([sums["row"] for _, sums in found])
        talkers = tuple(_talker(str(key[0][1]), sums, record)
                        for (key, sums), record in zip(found, records, strict=True))
        yield True
        return Statistics(past, dns_of(session, past), shares, talkers, by_address.groups, by_address.unplaced,
                          handshake, data, older, held(session.engine)["gone"])


def _shares(selected: Selection, since: int) -> Generator[bool, None, tuple[tuple[Share, ...], int]]:
    """(what each protocol moved, most first; flows that began before). Only the others stay selected."""
    groups = GroupList(selected, [GroupBy(selected.view, ("proto",)), GroupBy(selected.view, ("app",))], since=since)
    found = yield from groups.largest(SHARES)
    return tuple(Share(str(proto or ""), str(app or ""), sums["flows"], sums["packets_out"] + sums["packets_in"],
                       sums["bytes_out"] + sums["bytes_in"]) for ((_, proto), (_, app)), sums in found), groups.older


def _spread(selected: Selection, field: str) -> Generator[bool, None, tuple[int, ...]]:
    """TCP flows in each step of SPREAD_US, by a time that they know."""
    groups = GroupList(selected, [GroupBy(selected.view, (field,), steps=True), GroupBy(selected.view, ("proto",))])
    found = yield from groups.largest(SHARES)
    flows = {step: sums["flows"] for ((name, step), (_, proto)), sums in found if name == field and proto == "tcp"}
    return tuple(flows.get(step, 0) for step in range(len(SPREAD_US)))


def _talker(address: str, sums: Record, record: Record) -> Talker:
    name = str((record.get("name") or {}).get("host") or "") if record.get("dst") == address else ""
    return Talker(address, name, sums["bytes_out"], sums["bytes_in"], sums["flows"])


class StatisticsAddon(Addon):
    """Sums up protocols, addresses and round trips."""

    name = "statistics"
    questions = (StatisticsQuestion,)
