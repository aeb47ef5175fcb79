"""What programs move while a session lasts, beside what the ledger had of the day and the month when it began.

A flow counts as in the ledger, on the day of its newest packet; before it is over, for what it has moved so far.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from netwatch.egress.destinations import counts, program_of
from netwatch.egress.quotas import EVERYBODY, Held, Quota, begins, held
from netwatch.model.record import Record
from netwatch.store.tables import TableError

FLOWS = 8  # numbers kept of each program, the newest
PROGRAMS = 4096  # told apart; those beyond count for EVERYBODY alone
WAIT_S = 0.25  # for somebody who has the ledger locked: the start waits
KEYS = frozenset({"id", "src", "dst", "proto", "last", "bytes_out", "bytes_in", "process"})  # of flow records


class Moved:
    """Bytes by program, of the day and of the month."""

    def __init__(self, ledger: Path, quotas: tuple[Quota, ...], today: date) -> None:
        self.quotas = quotas
        self._kept: list[Held] = []
        self.trouble = ""  # why the ledger cannot be read: what is seen counts
        try:
            self._kept = held(ledger, quotas, today, wait_s=WAIT_S)
        except TableError as e:
            if not e.missing:
                self.trouble = str(e)
        self._today = today
        self._over: dict[str, Counter[str]] = {period: Counter() for period in begins(today)}
        self._open: dict[str, Counter[str]] = {period: Counter() for period in begins(today)}
        self._flows: dict[str, list[int]] = {}

    def turn(self, today: date) -> None:
        """It is that day: what was before its day, or its month, counts no more."""
        before, now = begins(self._today), begins(today)
        for period, since in now.items():
            if since > before[period]:
                self._over[period].clear()
                self._open[period].clear()
        self._today = max(self._today, today)

    def ended(self, flow: Record) -> None:
        """A flow record of one that is over."""
        self._add(self._over, flow)

    def still_open(self, flows: list[Record]) -> None:
        """All that are not."""
        for sums in self._open.values():
            sums.clear()
        for flow in flows:
            self._add(self._open, flow)

    def _add(self, to: dict[str, Counter[str]], flow: Record) -> None:
        """In each period in which its newest packet is."""
        if not counts(flow):
            return
        day = str(flow.get("last", ""))[:10]
        for period, since in begins(self._today).items():
            if day >= since:
                self._count(to[period], flow)

    def _count(self, sums: Counter[str], flow: Record) -> None:
        who, octets = program_of(flow), int(flow.get("bytes_out", 0)) + int(flow.get("bytes_in", 0))
        sums[EVERYBODY] += octets
        if who not in sums and len(sums) > PROGRAMS:
            return
        sums[who] += octets
        for name in (who, EVERYBODY):
            numbers = self._flows.setdefault(name, [])
            if flow.get("id") and flow["id"] not in numbers:
                numbers.append(flow["id"])
                del numbers[:-FLOWS]
        if len(self._flows) > PROGRAMS:
            del self._flows[next(iter(self._flows))]

    def flows(self, who: str) -> list[int]:
        """Numbers of the newest flows that counted."""
        return list(self._flows.get(who, ()))

    def held(self) -> list[Held]:
        """Each quota, by now."""
        now = begins(self._today)
        kept = {each.quota: each for each in self._kept}
        found = []
        for quota in self.quotas:
            since, was = now[quota.period], kept.get(quota)
            used = was.used if was is not None and was.since == since else 0
            seen = sum(sums[quota.period][quota.who] for sums in (self._over, self._open))
            found.append(Held(quota, used + seen, since))
        return found


def day_of(ns: int) -> date:
    """The day of a time, UTC."""
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC).date()


def begin_ns(since: str) -> int:
    """When that day begins."""
    return int(datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
