"""What each process sends and receives, and what it costs the machine: the part of that list on screen."""

from __future__ import annotations

import time
from array import array
from collections.abc import Generator, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.groups import BY, Grouped, GroupsOf, group_record
from netwatch.addons.thens import Thens
from netwatch.addons.throughput import Throughput
from netwatch.model.contract import Addon
from netwatch.model.group import GroupKey
from netwatch.model.host import Host, Unavailable
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Run, Session

APART_S = 0.5  # between two looks at a process, at least
MOST = 512  # processes looked at
PROGRAMS, PIDS, REMOTES = 2000, 10_000, 10_000  # that are listed
SHOWN_S = 3.0  # after it was told it is still on screen
Told = tuple["array[int]", "array[float]", float]  # PIDs, percent of one core each, and when, by the monotonic clock
REMOTE = "remote"  # the key of what a process talks to: its own key and that of the remote


@dataclass(frozen=True)
class Processes:
    """As GroupsOf, by program; below one of `unfolded` its processes, by PID, where it has several, and below those
    the names or addresses they talk to. `level` of a row is 0, 1 or 2. Rows of programs have `pids`, how many; rows of
    a live source `cpu`, percent of one core, from the second look on; what is out and in is as the process sees it.
    `within`: the row whose top remotes and states are wanted."""

    where: Filter | None = None
    sort: str = "rate"
    descending: bool = True
    history: bool = False
    offset: int = 0
    limit: int = 200
    within: GroupKey | None = None
    unfolded: frozenset[GroupKey] = frozenset()

    def answer(self, session: Session) -> Grouped:
        programs = self._grouped(session, "process", PROGRAMS)
        below: dict[object, list[Record]] = {}
        pids = self._grouped(session, "pid", PIDS).rows
        if session.live:
            session.get(ProcessesAddon).costs.add(pids)
        for row in pids:
            if row["key"][0] == "pid":
                below.setdefault(row["key"][1][0], []).append(row)
        remotes = session.look(self._remotes(session)) if self.unfolded else {}
        rows = list(self._tree(programs.rows, below, remotes))
        top = None
        if self.within is not None and self.within[0] != REMOTE:
            by = "pid" if self.within[0] == "pid" else "process"
            top = GroupsOf(by, self.where, history=self.history, limit=1, within=self.within).answer(session).top
        return replace(programs, rows=rows[self.offset:self.offset + self.limit], offset=self.offset, total=len(rows),
                       top=top)

    def _grouped(self, session: Session, by: str, most: int) -> Grouped:
        return GroupsOf(by, self.where, self.sort, self.descending, self.history, 0, most, remotes=True).answer(session)

    def _remotes(self, session: Session) -> Generator[bool, None, dict[object, list[Record]]]:
        """What each process talks to, by the process, those of most bytes first."""
        selected = yield from session.view.select(self.where, None, False, self.history or not session.live,
                                                  BY["pid"].looked_at | BY["host"].looked_at)
        groups = GroupList(selected, [GroupBy(selected.view, *BY[by]) for by in ("pid", "host")],
                           session.get(Throughput).history, ours=True)
        found = yield from groups.largest(REMOTES)
        below: dict[object, list[Record]] = {}
        for (process, remote), sums in found:
            row = group_record((REMOTE, (process, remote)), sums, session.engine.clock)
            below.setdefault(process, []).append(row | {"level": 2})
        return below

    def _tree(self, programs: list[Record], below: Mapping[object, list[Record]],
              remotes: Mapping[object, list[Record]]) -> Iterator[Record]:
        for program in programs:
            mine = below.get(program["key"][1], []) if program["key"][0] == "process.name" else []
            unfolded = program["key"] in self.unfolded
            cost = [row["cpu"] for row in mine if "cpu" in row]
            yield program | {"level": 0, "pids": len(mine), "unfolded": unfolded} | (
                {"cpu": sum(cost)} if cost else {}) | ({"pid": mine[0]["key"][1][1]} if len(mine) == 1 else {})
            if not unfolded:
                continue
            if len(mine) < 2:
                yield from remotes.get(mine[0]["key"] if mine else program["key"], ())
            for row in mine if len(mine) > 1 else ():
                yield row | {"level": 1, "unfolded": row["key"] in self.unfolded}
                yield from remotes.get(row["key"], ()) if row["key"] in self.unfolded else ()


class CostsThen:
    """CPU of processes at a moment, by PID."""

    def __init__(self, told: Told | None) -> None:
        self._told = dict(zip(*told[:2], strict=True)) if told is not None else {}

    def add(self, rows: list[Record]) -> None:
        """Put `cpu` into the rows of those of which it was told."""
        for row in rows[:MOST]:
            if row["key"][0] == "pid" and row["key"][1][1] in self._told:
                row["cpu"] = self._told[row["key"][1][1]]


class Costs:
    """CPU of processes between two looks; without a host nothing is known of it. `told`: what was said of it last."""

    def __init__(self, host: Host | None) -> None:
        self._host = host
        self.told: Told | None = None
        self._seen: dict[int, tuple[float, float, float | None]] = {}  # pid: when, CPU seconds, percent

    def add(self, rows: list[Record]) -> None:
        """Put `cpu` into the rows of processes that can be asked."""
        now = time.monotonic()
        pids, costs = array("q"), array("d")
        for row in rows[:MOST]:
            if row["key"][0] == "pid" and row["key"][1][1] >= 0:
                percent = self._look(row["key"][1][1], now)
                if percent is not None:
                    row["cpu"] = percent
                    pids.append(row["key"][1][1])
                    costs.append(percent)
        self.told = pids, costs, now
        if len(self._seen) > 2 * MOST:
            self._seen = {pid: seen for pid, seen in self._seen.items() if now - seen[0] < 10}

    def _look(self, pid: int, now: float) -> float | None:
        before = self._seen.get(pid)
        if before is not None and now - before[0] < APART_S:
            return before[2]
        if self._host is None:
            return None
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

    def __init__(self) -> None:
        self.costs: Costs | CostsThen = CostsThen(None)
        self._thens: Thens[Told | None] = Thens()

    def begin(self, run: Run) -> None:
        self.costs = Costs(run.host)

    def put_down(self, ns: int) -> None:
        """See Addon. What was told a while ago was of a screen that is not shown."""
        told = self.costs.told if isinstance(self.costs, Costs) else None
        self._thens.put(ns, told if told is not None and time.monotonic() - told[2] < SHOWN_S else None)

    def as_of(self, ns: int) -> ProcessesAddon:
        """See Addon."""
        then = copy(self)
        then.costs = CostsThen(self._thens.at(ns))
        return then

    def unknown(self) -> ProcessesAddon:
        """The same where nothing is known of what processes cost."""
        then = copy(self)
        then.costs = CostsThen(None)
        return then
