"""Flows put into groups: by process, remote end, host, country, app, container; the part of that list on screen."""

from __future__ import annotations

import socket
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.view.grouplist import SORTS, GroupList
from netwatch._fast.view.groups import ranked
from netwatch._fast.view.written import address_text
from netwatch.addons.throughput import Throughput
from netwatch.model.contract import Addon
from netwatch.model.record import Record
from netwatch.names.addon import Names
from netwatch.owners.addon import FlowOwners

if TYPE_CHECKING:
    from array import array

    from netwatch._fast.view.selection import Selection
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

GroupKey = tuple[str, object]  # ("address", text), ("none", None), ("others", None), or (column, what it says)
NONE: GroupKey = ("none", None)
Ranked = tuple["array[int]", list[object]]  # of _fast.view.groups.ranked()
OTHERS: GroupKey = ("others", None)
TOP = 6  # remotes and states of one group


class By(NamedTuple):
    """What makes a group: the columns that name it, in turn; else the address at an end of the flow."""

    columns: tuple[str, ...] = ()
    end: str = ""


BY = {
    "process": By(("process.name", "process.unknown")),
    "remote": By(end="remote"),
    "host": By(("name.host",), "remote"),
    "country": By(("geo.country",)),
    "app": By(("app", "proto")),
    "container": By(("process.container",)),
    "source": By(end="src"),
    "pid": By(("pid", "process.unknown")),
    "state": By(("state",)),
}
PID = ("process.name", "process.pid")  # the two that "pid" is made of


@dataclass(frozen=True)
class Grouped:
    """`rows` from place `offset` of a list of `total`: groups, which have "key" and sums, and below unfolded ones flow
    records, which have "group". `why`: why things may be unknown. `top`: of the group asked about."""

    rows: list[Record]
    total: int
    offset: int
    groups: int
    flows: int
    now_ns: int
    why: str = ""
    at_least: bool = False  # more remotes than could be told apart
    top: dict[str, list[Record]] | None = None


@dataclass(frozen=True)
class GroupsOf:
    """`unfolded`: all groups are, but for those in `turned`; else none but those. `sort` is a field of flows, or
    "flows"; groups are sorted by it where they have it, by name otherwise. `remotes`: count the addresses at the other
    end; `ours`: "out" is what this machine sends, where it is an end of the flow. `within`: the group whose top remotes
    and states are wanted; nothing is unfolded then."""

    by: str
    where: Filter | None = None
    sort: str = "bytes"
    descending: bool = True
    history: bool = False
    offset: int = 0
    limit: int = 200
    unfolded: bool = False
    turned: frozenset[GroupKey] = frozenset()
    remotes: bool = False
    ours: bool = False
    within: GroupKey | None = None

    def answer(self, session: Session) -> Grouped:
        here = session.get(Throughput).here
        found = session.look(session.view.select(self.where, None, False, self.history or not session.live,
                                                 self._fields()))
        with session.lock:
            return self._answer(session, here, found)

    def _answer(self, session: Session, here: frozenset[bytes], view: Selection) -> Grouped:
        clock = session.engine.clock
        made = _Made(view, self.by, here, self.remotes, self.ours)
        flows = made.groups.add_up()
        number = made.groups.sort(self.sort if self.sort in SORTS else "", self.descending)
        within = made.number(self.within) if self.within is not None else None
        top = None
        if within is not None:
            made.groups.narrow(within)
            top = {by: _top(_Made(view, by, here, ours=self.ours), clock) for by in ("remote", "state")}
            total = made.groups.fold()
        else:
            turned = {found for key in self.turned if (found := made.number(key)) is not None}
            of_flows = self.sort if self.sort in view.view.columns() else "bytes"
            total = made.groups.unfold(self.unfolded, turned, of_flows, self.descending)
        page = made.groups.page(self.offset, self.limit)
        records = iter(session.records([row for _, row in page if row]))
        rows = [next(records) | {"group": made.key(group)} if row else self._group(made, group, clock)
                for group, row in page]
        return Grouped(rows, total, self.offset, number, flows, clock, _why(session, self.by),
                       made.groups.too_many_remotes, top)

    def _fields(self) -> set[str]:
        wanted = {name for by in (self.by, *(("remote", "state") if self.within else ())) for name in BY[by].columns}
        return wanted | {self.sort} | (set(PID) if "pid" in wanted else set())

    def _group(self, made: _Made, group: int, clock: int) -> Record:
        key = made.key(group)
        return made.record(group, clock) | {"unfolded": self.unfolded != (key in self.turned)}


class _Made:
    """Groups of a kind over a view, and what their numbers stand for."""

    def __init__(self, view: Selection, by: str, here: frozenset[bytes], remotes: bool = False,
                 ours: bool = False) -> None:
        found = view.view.columns()
        self.names: list[str] = []
        self.values: list[list[object]] = []
        columns = []
        for name in BY[by].columns:
            kind, column, table = found.get(PID[0] if name == "pid" else name, ("", 0, None))
            if kind == "text":
                table = dict(view.view.text_table(name))
            if kind in ("code", "text") and table is not None:
                ranks, values = _ranks.of(name, table, found[PID[1]][2] if name == "pid" else None)
                self.names.append(name)
                self.values.append(values)
                columns.append((column, ranks))
        self.groups = GroupList(view, columns, BY[by].end, here, remotes, ours)

    def number(self, key: GroupKey) -> int | None:
        """The number of a group, None when there is none of that key now."""
        name, value = key
        if name in ("none", "others"):
            found: int | None = self.groups.number_of(-2 if name == "none" else -3, None)
        elif name == "address":
            found = self.groups.number_of(-1, _packed(str(value)))
        elif name not in self.names or value not in self.values[self.names.index(name)]:
            found = None
        else:
            column = self.names.index(name)
            found = self.groups.number_of(column, self.values[column].index(value))
        return found

    def key(self, group: int) -> GroupKey:
        column, key = self.groups.key_of(group)
        if isinstance(key, bytes):
            return "address", address_text(key)
        if key is None:
            return NONE if column == -2 else OTHERS
        return self.names[column], self.values[column][key]

    def record(self, group: int, clock: int) -> Record:
        """What a group adds up to, with `age_s`, seconds since its first frame."""
        found: Record = self.groups.sums(group)
        return {"key": self.key(group), "age_s": max(0, clock - found.pop("first_ns")) / 1e9, **found}


def _top(made: _Made, clock: int) -> list[Record]:
    """The groups with most bytes among the flows that the view holds."""
    made.groups.add_up()
    number = made.groups.sort("bytes", True)
    return [made.record(group, clock) for group in made.groups.first(min(TOP, number))]


def _packed(text: str) -> bytes:
    """An address as rows have it: 4, 16 or, a MAC, 6 bytes; none for what is no address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_pton(family, text)
        except OSError:
            continue
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        return b""


def _why(session: Session, by: str) -> str:
    """Why nothing can be known of what groups are made by; "" when it can."""
    if by in ("process", "container", "pid") and not session.get(FlowOwners).looking:
        return "owners of connections are not looked for" if session.live else "a capture file carries no owners"
    missing = session.get(Names).missing({"geo.country"}) if by == "country" else ()
    return missing[0] if missing else ""


class _Ranks:
    """Ranks of the values of columns, kept while the tables have not grown."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, Hashable, Ranked]] = {}

    def of(self, name: str, table: dict[int, object], pids: dict[int, object] | None) -> Ranked:
        """As groups.ranked(); of "pid", of (program, PID)."""
        stamp = (len(table), next(reversed(table), None))
        known = self._known.get(name)
        if known is None or known[0] is not table or known[1] != stamp:
            values = {code: str(value) for code, value in table.items()} if pids is None else \
                {code: (str(value), pids.get(code, -1)) for code, value in table.items()}
            known = self._known[name] = (table, stamp, ranked(values))
        return known[2]


_ranks = _Ranks()


class GroupsAddon(Addon):
    """Puts flows into groups."""

    name = "groups"
    questions = (GroupsOf,)
