"""What the Dashboard tab shows: the overview, programs with their processes and remotes, where flows go, what is new.

Of a file that knows no owners the hosts that began flows stand in the place of programs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from netwatch._fast.out.notes import histogram
from netwatch._fast.view.aggregate import MANY
from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.groups import BY
from netwatch.addons.interfaces import Interface, InterfacesAddon
from netwatch.addons.overview import HOST, Overview, OverviewQuestion
from netwatch.addons.throughput import SECOND, Past, Throughput
from netwatch.addons.timeline import Entry, Timeline, TimelineAddon
from netwatch.model.contract import INFO, Addon
from netwatch.model.group import By, GroupKey, Within
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.view.selection import Selection
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

NEWS_S = 300  # seconds back that something counts as new
NEWS = 40  # lines of it
MINUTE = 60
PROGRAMS, PROCESSES, REMOTES = 60, 400, 400  # that are told
KEPT = 1000  # branches whose last minute is remembered
PROGRAM, PROCESS = (BY["process"],), (BY["process"], By(("process.pid",)))
INITIATOR = (By(end="src"),)

Path = tuple[GroupKey, ...]
Sums = Mapping[Path, Record]


@dataclass(frozen=True)
class Branch:
    """One row of the tree: a program, below it its processes where it has several, below those the hosts they talk to.
    `path` says which, `depth` how far down it is. Bytes, and bytes/s now, as this machine sees
    them; of a file down is what came back to who began the flows. `minute`: bytes/s of the last sixty seconds, None
    where nobody looked. `within`: its flows."""

    path: Path
    depth: int
    label: str
    processes: int
    flows: int
    down: int
    up: int
    rate_down: int
    rate_up: int
    minute: tuple[int | None, ...]
    opened: bool
    leaf: bool
    within: Within


@dataclass(frozen=True)
class DashboardNow(Overview):
    """`peers` are hosts, whichever program talks to them. `open_us`: the mean of the TCP handshakes of flows that began
    in the range, `opened` of them; `dns_errors`: answers in it that name an error. `up_since`: when each interface came
    up, where that was seen. `news`: of the last NEWS_S seconds, what is bad first."""

    programs: tuple[Branch, ...] = ()
    programs_told: int = 0  # programs, or hosts, that there are
    by_owner: bool = False
    open_us: int | None = None
    opened: int = 0
    dns_errors: int = 0
    news: tuple[Entry, ...] = ()
    news_total: int = 0
    up_since: Mapping[str, int] | None = None


@dataclass(frozen=True)
class DashboardQuestion:
    """`now`: it is not the past that is asked about, so that interfaces, news and the last minute are told. `unfolded`:
    the branches whose rows below are wanted."""

    range: str = "5m"
    top: int = 60
    by_rate: bool = True
    where: Filter | None = None
    now: bool = True
    unfolded: frozenset[Path] = frozenset()

    def answer(self, session: Session) -> DashboardNow:
        overview = OverviewQuestion(self.range, self.top, self.by_rate, self.where, self.now, hosts=True)
        news = Timeline(NEWS_S, parts=1).answer(session) if self.now else None
        found = overview.answer(session)
        programs, told, by_owner = session.look(self._programs(session))
        open_us, opened = session.look(self._opened(session, found.past))
        lines = sorted(news.events, key=lambda each: (each.severity == INFO, -each.time_ns))[:NEWS] if news else ()
        return DashboardNow(
            **{each.name: getattr(found, each.name) for each in fields(Overview)}, programs=tuple(programs),
            programs_told=told, by_owner=by_owner, open_us=open_us, opened=opened,
            dns_errors=_dns_errors(session, found.past), news=tuple(lines), news_total=news.total if news else 0,
            up_since=_up_since(session, found.interfaces))

    def _programs(self, session: Session) -> Generator[bool, None, tuple[list[Branch], int, bool]]:
        """The tree, how many rows its first level has, and whether they are programs."""
        selected = yield from session.view.select(self.where, None, False, True,
                                                  {name for by in (*PROCESS, HOST) for name in by.looked_at})
        named = selected.view.columns().get("process.name")
        by_owner = named is not None and bool(named[2])
        first = PROGRAM if by_owner else INITIATOR
        top, told = yield from self._level(session, selected, first, PROGRAMS)
        processes: Sums = {}
        if by_owner:
            processes, _ = yield from self._level(session, selected, PROCESS, PROCESSES)
        remotes: Sums = {}
        if self.unfolded:
            remotes, _ = yield from self._level(session, selected, (*(PROCESS if by_owner else first), HOST), REMOTES)
        yield False
        tree = _Tree(self, first, top, processes, remotes)
        branches = tree.branches()
        if self.now and session.live:
            branches = session.get(DashboardAddon).minutes.added(session.get(Throughput).history.second, branches)
        return branches, told, by_owner

    def _level(self, session: Session, selected: Selection, by: tuple[By, ...],
               most: int) -> Generator[bool, None, tuple[Sums, int]]:
        groups = GroupList(selected, [GroupBy(selected.view, *part) for part in by], session.get(Throughput).history,
                           ours=True, most=MANY)
        found = yield from groups.largest(most, "rate" if self.by_rate else "bytes")
        return dict(found), groups.groups

    def _opened(self, session: Session, past: Past) -> Generator[bool, None, tuple[int | None, int]]:
        """How long TCP handshakes took, on the mean, of the flows that began in the range; whatever the filter."""
        selected = yield from session.view.select(None, None, False, True)
        groups = GroupList(selected, [GroupBy(selected.view, ("proto",))], since=past.since_ns)
        found = yield from groups.largest(MANY)
        tcp = next((sums for ((_, proto),), sums in found if proto == "tcp"), None)
        return (None, 0) if tcp is None else (tcp.get("rtt_us"), tcp["flows"])


class _Tree:
    """Rows of groups, as branches."""

    def __init__(self, question: DashboardQuestion, first: tuple[By, ...], top: Sums, processes: Sums,
                 remotes: Sums) -> None:
        self._question, self._first, self._top = question, first, top
        self._processes: dict[GroupKey, list[Path]] = {}
        for path in processes:
            self._processes.setdefault(path[0], []).append(path)
        self._remotes: dict[Path, list[Path]] = {}
        for path in remotes:
            self._remotes.setdefault(path[:-1], []).append(path)
        self._sums = {**top, **processes, **remotes}

    def branches(self) -> list[Branch]:
        """The whole tree, those that move or moved most first."""
        found: list[Branch] = []
        for path in self._top:
            mine = self._processes.get(path[0], [])
            opened = path in self._question.unfolded
            found.append(self._branch(path, 0, path[0], len(mine), opened))
            if opened and len(mine) > 1:
                for process in mine:
                    below = process in self._question.unfolded
                    found.append(self._branch(process, 1, process[1], 1, below))
                    found += self._below(process, 2) if below else []
            elif opened:
                found += self._below(mine[0] if mine else path, 1)
        return found

    def _below(self, path: Path, depth: int) -> list[Branch]:
        return [self._branch(each, depth, each[-1], 0, False) for each in self._remotes.get(path, [])]

    def _branch(self, path: Path, depth: int, key: GroupKey, processes: int, opened: bool) -> Branch:
        sums, leaf = self._sums[path], len(path) > len(self._first) and path[-1][0] != "process.pid"
        by = (*self._first, *(PROCESS[1:] if self._first == PROGRAM else ()), HOST)[:len(path)]
        label = _label(key, depth)
        if processes == 1 and depth == 0 and (pid := self._processes[path[0]][0][1][1]) is not None:
            label = f"PID {pid}, no name" if key[1] is None else f"{label} {pid}"
        words = label if depth == 0 or not leaf else f"{_label(path[0], 0)} and {label}"
        return Branch(path, depth, label, processes, sums["flows"], sums["bytes_in"], sums["bytes_out"],
                      sums.get("rate_in", 0), sums.get("rate_out", 0), (), opened, leaf, Within(by, path, words, True))


def _label(key: GroupKey, depth: int) -> str:
    kind, value = key
    if kind == "process.unknown":
        return f"no program: {value}"
    if value is None:
        return "no address" if depth else "not known"
    return f"PID {value}" if kind == "process.pid" else str(value)


def _dns_errors(session: Session, past: Past) -> int:
    """Answers in the range that say an error, NXDOMAIN among them."""
    if not past.end:
        return 0
    with session.lock:
        return sum(histogram(session.get(TimelineAddon).notes, past.start * SECOND, past.end * SECOND, 1,
                             ["dns-error"]))


def _up_since(session: Session, rows: tuple[Interface, ...]) -> dict[str, int]:
    """When those that are up came up, as far as it was seen."""
    names, found = {row.name for row in rows}, dict[str, int]()
    for change in tuple(session.get(InterfacesAddon).changes) if rows else ():
        if change.name in names and change.came_up:
            found[change.name] = change.time_ns
    return found


class Minutes:
    """What branches moved in each of the last sixty seconds, as far as somebody looked."""

    def __init__(self) -> None:
        self._seen: dict[Path, deque[tuple[int, int]]] = {}

    def added(self, second: int, branches: list[Branch]) -> list[Branch]:
        """The same with `minute`; what they moved in the second before `second` is remembered, once."""
        found = []
        for branch in branches:
            seen = self._seen.pop(branch.path, None) or deque(maxlen=MINUTE)
            if not seen or seen[-1][0] < second:
                seen.append((second, branch.rate_down + branch.rate_up))
            self._seen[branch.path] = seen
            known = dict(seen)
            minute = tuple(known.get(at) for at in range(second - MINUTE + 1, second + 1))
            found.append(replace(branch, minute=minute))
        while len(self._seen) > KEPT:  # those that were not asked about for longest
            del self._seen[next(iter(self._seen))]
        return found


class DashboardAddon(Addon):
    """Remembers what programs moved in the last minute, and tells what the Dashboard shows."""

    name = "dashboard"
    questions = (DashboardQuestion,)

    def __init__(self) -> None:
        self.minutes = Minutes()
