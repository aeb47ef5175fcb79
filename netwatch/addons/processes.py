"""What each process sends and receives, and what it costs the machine: the part of that list on screen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch.addons.groups import Grouped, GroupsOf
from netwatch.model.contract import Addon
from netwatch.model.group import GroupKey
from netwatch.model.host import Host, Unavailable
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Run, Session

APART_S = 0.5  # between two looks at a process, at least
MOST = 512  # processes looked at


@dataclass(frozen=True)
class Processes:
    """As GroupsOf, by program and PID; rows of a live source have `cpu`, percent of one core, from the second
    look on; what is out and in is as the process sees it."""

    where: Filter | None = None
    sort: str = "rate"
    descending: bool = True
    history: bool = False
    offset: int = 0
    limit: int = 200
    within: GroupKey | None = None

    def answer(self, session: Session) -> Grouped:
        found = GroupsOf("pid", self.where, self.sort, self.descending, self.history, self.offset, self.limit,
                         remotes=True, within=self.within).answer(session)
        if session.live:
            session.get(ProcessesAddon).costs.add(found.rows)
        return found


class _Costs:
    """CPU of processes between two looks."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._seen: dict[int, tuple[float, float, float | None]] = {}  # pid: when, CPU seconds, percent

    def add(self, rows: list[Record]) -> None:
        """Put `cpu` into the rows of processes that can be asked."""
        now = time.monotonic()
        for row in rows[:MOST]:
            if row["key"][0] == "pid" and row["key"][1][1] >= 0:
                percent = self._look(row["key"][1][1], now)
                if percent is not None:
                    row["cpu"] = percent
        if len(self._seen) > 2 * MOST:
            self._seen = {pid: seen for pid, seen in self._seen.items() if now - seen[0] < 10}

    def _look(self, pid: int, now: float) -> float | None:
        before = self._seen.get(pid)
        if before is not None and now - before[0] < APART_S:
            return before[2]
        try:
            spent = self._host.cpu_seconds(pid)
        except Unavailable:
            self._seen.pop(pid, None)
            return None
        known = before is not None and spent >= before[1]
        percent = 100 * (spent - before[1]) / (now - before[0]) if before is not None and known else None
        self._seen[pid] = now, spent, percent
        return percent


class ProcessesAddon(Addon):
    """Remembers what processes cost, from one question to the next."""

    name = "processes"
    questions = (Processes,)

    def begin(self, run: Run) -> None:
        self.costs = _Costs(run.host)
