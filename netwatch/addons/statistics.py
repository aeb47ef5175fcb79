"""What the Stats tab shows: the past over a range, and sums over flows.

Counters of a flow tell its whole life, so sums over flows for a range take the flows that began in it; those that are
older are counted and left out. For the session all flows that are still held are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.view import tallies
from netwatch.addons.throughput import DnsTime, Past, dns_of, past_of, rows_of
from netwatch.model.contract import Addon
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

SPREAD_US: tuple[int, ...] = tallies.SPREAD_US


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
        only = rows_of(session, self.where)
        with session.lock:
            past = past_of(session, self.range)
            engine, since = session.engine, past.since_ns
            shares = tuple(Share(proto, app or "", *rest)
                           for proto, app, *rest in tallies.protocols(engine, since, only))
            found = tallies.talkers(engine, since, self.top, only)
            talkers = tuple(_talker(session, group) for group in found["top"])
            spread = tallies.round_trips(engine, since, only)
            return Statistics(past, dns_of(session, past), shares, talkers, found["seen"], found["refused"],
                              tuple(spread["handshake"]), tuple(spread["data"]), spread["older"],
                              tallies.held(engine)["gone"])


def _talker(session: Session, group: Record) -> Talker:
    record = session.record(group["row"])
    name = str((record.get("name") or {}).get("host") or "") if record.get("dst") == group["address"] else ""
    return Talker(group["address"], name, group["bytes_out"], group["bytes_in"], group["flows"])


class StatisticsAddon(Addon):
    """Sums up protocols, addresses and round trips."""

    name = "statistics"
    questions = (StatisticsQuestion,)
