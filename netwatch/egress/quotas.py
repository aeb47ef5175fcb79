"""Quotas: how many bytes a program, or all of them, may move in a day or a month; held against the ledger.

Nothing is blocked. A day and a month are those of UTC, as in the ledger; bytes are those of frames, both directions.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import NamedTuple

from netwatch.egress import ledger
from netwatch.model.record import Record
from netwatch.store.sizes import UNITS
from netwatch.store.tables import WAIT_S

EVERYBODY = "*"
DAY, MONTH = "day", "month"
FORM = re.compile(r"(.+)=(\d{1,12})(KB|MB|GB|TB|KiB|MiB|GiB|TiB)/(day|month)")
MOST = 64


class Quota(NamedTuple):
    """`who`: a program's name as the ledger has it, or EVERYBODY."""

    who: str
    limit: int
    period: str


class Held(NamedTuple):
    """A quota and what was moved since the period began."""

    quota: Quota
    used: int
    since: str

    @property
    def over(self) -> bool:
        return self.used > self.quota.limit

    def record(self) -> Record:
        """netwatch.quota/1."""
        who, limit, period = self.quota
        return {"schema": "netwatch.quota/1", "program": who, "period": period, "since": self.since, "limit": limit,
                "used": self.used, "percent": round(100 * self.used / limit, 1), "over": self.over}


def parsed(text: str) -> tuple[Quota, ...]:
    """Of `firefox=10GB/month, *=50GB/month`. Raises ValueError."""
    found = []
    for each in filter(None, (part.strip() for part in text.split(","))):
        match = FORM.fullmatch(each)
        if match is None or int(match[2]) == 0:
            raise ValueError(f"{each}: a quota is PROGRAM=SIZE/day or /month, such as firefox=10GB/month; * is all")
        found.append(Quota(match[1].strip(), int(match[2]) * UNITS[match[3]], match[4]))
    if len(found) > MOST or len({(each.who, each.period) for each in found}) < len(found):
        raise ValueError(f"at most {MOST} quotas, and one of each program and period")
    return tuple(found)


def begins(today: date) -> dict[str, str]:
    """The day on which each period began that lasts on that day."""
    return {DAY: today.isoformat(), MONTH: today.replace(day=1).isoformat()}


def held(path: Path, quotas: tuple[Quota, ...], today: date, *, wait_s: float = WAIT_S) -> list[Held]:
    """Each against the ledger, as it is on that day; `wait_s`: how long for somebody who has it locked. Raises
    TableError."""
    since_of = begins(today)
    used = {period: {each.group[0]: each.bytes_out + each.bytes_in
                     for each in ledger.sums(path, ("program",), since, wait_s=wait_s)}
            for period, since in since_of.items() if any(quota.period == period for quota in quotas)}
    return [Held(quota, sum(used[quota.period].values()) if quota.who == EVERYBODY else
                 used[quota.period].get(quota.who, 0), since_of[quota.period]) for quota in quotas]
