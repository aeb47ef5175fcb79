"""Flows put into groups: by process, remote end, host, country, app, container; the part of that list on screen."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import SORTS, GroupList
from netwatch.addons.throughput import Throughput
from netwatch.model.contract import Addon
from netwatch.model.group import By, GroupKey, Within
from netwatch.model.record import Record
from netwatch.names.addon import Names
from netwatch.owners.addon import FlowOwners

if TYPE_CHECKING:
    from netwatch._fast.view.selection import Selection
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

NOBODY = 0xFFFFFFFF  # the number of no group
NONE: GroupKey = ("none", None)
# what is down and up of a flow is in and out of a group: both are seen from here
OF_GROUPS = {"down": "rate_in", "up": "rate_out", "down_bytes": "bytes_in", "up_bytes": "bytes_out"}
TOP = 6  # remotes and states of one group


BY = {
    "process": By(("process.name", "process.unknown")),
    "remote": By(end="remote"),
    "host": By(("name.host",), "remote"),
    "country": By(("geo.country",)),
    "app": By(("app", "proto")),
    "container": By(("process.container",)),
    "source": By(end="src"),
    "pid": By((("pid", ("process.name", "process.pid")), "process.unknown")),
    "state": By(("state",)),
}


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
    carried: int = 0  # bytes of flows inside others, which count them too


@dataclass(frozen=True)
class GroupsOf:
    """`unfolded`: all groups are, but for those in `turned`; else none but those. `sort` is a field of flows, or
    "flows"; groups are sorted by it where they have it, by name otherwise. "Out" is what this machine sends, where it
    is an end of the flow. `remotes`: count the addresses at the other end. `inside`: only the flows of a row of another
    sum. `within`: the group whose top remotes and states are wanted; nothing is unfolded then."""

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
    within: GroupKey | None = None
    inside: Within | None = None

    def answer(self, session: Session) -> Grouped:
        return session.look(self._looked(session))

    def _looked(self, session: Session) -> Generator[bool, None, Grouped]:
        found = yield from session.view.select(self.where, None, False, self.history or not session.live,
                                               self._fields())
        if self.inside is not None:
            yield from narrowed(session, found, self.inside)
        clock = session.engine.clock
        groups = self._groups(session, found, self.by)
        yield from groups.steps()
        flows = found.matched
        number = groups.sort(OF_GROUPS.get(self.sort, self.sort if self.sort in SORTS else ""), self.descending)
        yield True
        within = groups.number(self.within) if self.within is not None else None
        top = None
        if within is not None:
            groups.narrow(within)
            top = {}
            for by in ("remote", "state"):
                inside = yield from self._groups(session, found, by).largest(TOP)
                top[by] = [group_record(key[0], sums, clock) for key, sums in inside]
            total = groups.fold()
        else:
            turned = {at for key in self.turned if (at := groups.number(key)) is not None}
            of_flows = self.sort if self.sort in found.view.columns() else "bytes"
            total = yield from groups.unfold(self.unfolded, turned, of_flows, self.descending)
        yield True
        page = groups.page(self.offset, self.limit)
        keys = {group: groups.key(group)[0] for group, _ in page}
        records = yield from session.recorded([row for _, row in page if row])
        flow = iter(records)
        rows = [next(flow) | {"group": keys[group]} if row else self._group(groups, keys[group], group, clock)
                for group, row in page]
        return Grouped(rows, total, self.offset, number, flows, clock, why(session, self.by),
                       groups.too_many_remotes, top, groups.carried)

    def _groups(self, session: Session, found: Selection, by: str) -> GroupList:
        here = session.get(Throughput).history
        return GroupList(found, [GroupBy(found.view, *_by(by))], here, remotes=self.remotes, ours=True)

    def _fields(self) -> set[str]:
        wanted = {name for by in (self.by, *(("remote", "state") if self.within else ())) for name in _by(by).looked_at}
        return wanted | {self.sort} | (self.inside.looked_at if self.inside is not None else set())

    def _group(self, groups: GroupList, key: GroupKey, group: int, clock: int) -> Record:
        told = groups.about(group)
        return group_record(key, groups.sum(group), clock) | {
            "unfolded": self.unfolded != (key in self.turned), "app": told["app"], "apps": told["apps"]}


def _by(name: str) -> By:
    """What is called so, or the field of that name."""
    return BY.get(name, By((name,)))


def group_record(key: GroupKey, sums: Record, clock: int) -> Record:
    """What a group adds up to, with `age_s`, seconds since its first frame, `down` and `up` as standpoint.seen()."""
    found = {"key": key, "age_s": max(0, clock - sums.pop("first_ns")) / 1e9, **sums}
    for group, flow in (("rate_in", "down"), ("rate_out", "up"), ("bytes_in", "down_bytes"), ("bytes_out", "up_bytes")):
        if group in sums:
            found[flow] = sums[group]
    return found


def narrowed(session: Session, selected: Selection, within: Within) -> Generator[bool, None, None]:
    """Leave in a selection only the flows that a row counted. For Session.look()."""
    here = session.get(Throughput).history
    groups = GroupList(selected, [GroupBy(selected.view, *by) for by in within.by], here,
                       begun_here=within.begun_here, came_here=within.came_here, ip=within.ip, since=within.since)
    yield from groups.steps()
    yield True
    group = groups.number(*within.key)
    groups.narrow(NOBODY if group is None else group)


def why(session: Session, by: str) -> str:
    """Why nothing can be known of what groups are made by; "" when it can."""
    if by in ("process", "container", "pid") and not session.get(FlowOwners).looking:
        return "owners of connections are not looked for" if session.live else "a capture file carries no owners"
    missing = session.get(Names).missing({"geo.country"}) if by == "country" else ()
    return missing[0] if missing else ""


def ungrouped(session: Session) -> tuple[str, ...]:
    """By what flows are not worth grouping: nothing can be known of it."""
    return tuple(by for by in BY if why(session, by))


class GroupsAddon(Addon):
    """Puts flows into groups."""

    name = "groups"
    questions = (GroupsOf,)
