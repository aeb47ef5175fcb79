"""Who began flows, and where they went: processes (live) or hosts (a file), and the destinations of each."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.throughput import Throughput
from netwatch.egress.destinations import SAID, goes_out, name_of
from netwatch.egress.keeping import Keeping
from netwatch.egress.policy import Destination, Policy, PolicyError, Verdict, load
from netwatch.egress.promotion import NEW, promoted, wanted
from netwatch.egress.quotas import parsed
from netwatch.model.contract import Addon, Store
from netwatch.model.event import Event, Step
from netwatch.model.group import By, GroupKey, Within
from netwatch.model.option import Option
from netwatch.model.record import Record, look_up
from netwatch.owners.addon import FlowOwners
from netwatch.store import files
from netwatch.store.folders import config_folder

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Run, Session

SHOWN = 400  # destinations told, and as many who began flows: those of most bytes
NO_PROCESS = "no program"
CAME_IN = 2000  # ways that are looked at for those that others began
LOOK_S = 1.0  # between two looks at the policy


@dataclass(frozen=True)
class Way:
    """One line. `who` began the flows; `host` is "" for the line that sums up all of its destinations. `name`: what the
    flows say themselves, or with a ~ what was inferred; `port` None where the protocol has none. Bytes of frames."""

    who: str
    host: str
    name: str
    port: int | None
    app: str
    flows: int
    live: int
    bytes_out: int
    bytes_in: int
    last_ns: int
    within: Within
    proto: str = ""
    destinations: int = 0
    apps: int = 1  # different protocols; `app` is the one that moved most bytes
    to: Destination | None = None  # as a policy sees it; None for what a policy is not about
    program: str = ""  # whom a policy would name: the program, else the address that began the flow
    process: str = ""  # of a file, the program that was written beside its packets: of one end, not always who began
    verdict: Verdict | None = None  # None without a policy; of the line that sums up, the worst


@dataclass(frozen=True)
class EgressNow:
    """`ways` by who began them, those of most bytes first. `total` destinations there are; `left_out`: flows that began
    elsewhere, or for which there was no room; `by_process`: whether it is processes that began them."""

    ways: tuple[Way, ...]
    total: int
    left_out: int
    by_process: bool
    now_ns: int
    carried: int = 0  # bytes of flows inside others, which count them too
    inward: bool = False
    policy: str = ""  # the file that the verdicts are by, "" without
    problem: str = ""  # why there are none although there is a file
    recorded: bool = False  # programs were written beside the packets of the file


@dataclass(frozen=True)
class Egress:
    """The flows that pass `where` (a Filter or None), those that have ended included. Live, those begun here; with
    `inward` those that others began to this machine. Of a file `inward` sums up by responder, who came to it below."""

    where: Filter | None = None
    inward: bool = False

    def answer(self, session: Session) -> EgressNow:
        if self.inward:
            return session.look(self._came_in(session))
        return session.get(EgressAddon).judged(session.look(self._looked(session)))

    def _came_in(self, session: Session) -> Generator[bool, None, EgressNow]:
        """A responder that is this machine has the initiator as its other end: that tells flows that came in."""
        selected = yield from session.view.select(self.where, wanted=("process.name",))
        view, addon = selected.view, session.get(Throughput)
        own = {str(ipaddress.ip_address(each)) for each in addon.here}
        who = By(("process.name",)) if session.live else By(end="dst")
        by = (who, By(end="src"), By(end="remote") if session.live else By(end="src"), By(("dport",)), By(("proto",)))
        groups = GroupList(selected, [GroupBy(view, *each) for each in by], addon.history, ip=True, ours=True)
        found = yield from groups.largest(CAME_IN)
        came = [(key, sums) for key, sums in found
                if key[1] == key[2] and not (session.live and str(key[1][1]) in own)]
        records = yield from session.recorded([sums["row"] for _, sums in came[:SHOWN]])
        yield False
        told = [_way(_who(key[0]), str(key[1][1]), _port(key[3]), sums, {"proto": record.get("proto")},
                     Within(by, key, f"{key[1][1]} to {_who(key[0])}", ip=True))
                for (key, sums), record in zip(came, records, strict=False)]
        below: dict[str, list[Way]] = {}
        for way in told:
            below.setdefault(way.who, []).append(way)
        whole = [Way(name, "", "", None, ways[0].app, sum(way.flows for way in ways), sum(way.live for way in ways),
                     sum(way.bytes_out for way in ways), sum(way.bytes_in for way in ways),
                     max(way.last_ns for way in ways), Within((who,), (ways[0].within.key[0],), name, ip=True),
                     apps=len({way.app for way in ways}))
                 for name, ways in below.items()]
        named = view.columns().get("process.name")
        return EgressNow(_in_order(whole, told), len(came), groups.unplaced,
                         session.live and named is not None and bool(named[2]), session.engine.clock, groups.carried,
                         True)

    def _looked(self, session: Session) -> Generator[bool, None, EgressNow]:
        selected = yield from session.view.select(self.where, wanted=("process.name",))
        view, here = selected.view, session.get(Throughput).history
        who = (By(("process.name",)) if session.live else By(end="src"),)
        recorded = not session.live and session.get(FlowOwners).recorded
        owner = (By(("process.name",)),) if recorded else ()
        where = (*who, By(end="dst"), By(SAID), By(("dport",)), By(("proto",)), *owner)
        began = GroupList(selected, [GroupBy(view, *by) for by in who], here, begun_here=session.live, ip=True)
        roots = yield from began.largest(SHOWN)
        went = GroupList(selected, [GroupBy(view, *by) for by in where])
        found = yield from went.largest(SHOWN)
        records = yield from session.recorded([sums["row"] for _, sums in found])
        yield False
        whole = [_root(_who(key[0]), sums, Within(who, key, _who(key[0]), begun_here=session.live, ip=True))
                 for key, sums in roots]
        told = [_aimed(_who(key[0]), str(key[2][1] or ""), record,
                       _way(_who(key[0]), str(key[1][1]), _port(key[3]), sums, record,
                            Within(where, key, f"{_who(key[0])} to {key[1][1]}", begun_here=session.live, ip=True),
                            str(key[5][1]) if recorded and key[5][0] != "none" else ""))
                for (key, sums), record in zip(found, records, strict=True)]
        named = view.columns().get("process.name")
        return EgressNow(_in_order(whole, told), went.groups, began.left_out + went.unplaced,
                         session.live and named is not None and bool(named[2]), session.engine.clock, began.carried,
                         recorded=recorded)


def _in_order(whole: list[Way], told: list[Way]) -> tuple[Way, ...]:
    """Each who, followed by its destinations."""
    below: dict[str, list[Way]] = {}
    for way in told:
        below.setdefault(way.who, []).append(way)
    order: list[Way] = []
    for root in whole:
        mine = below.get(root.who, [])
        order += [replace(root, destinations=len(mine)), *mine]
    return tuple(order)


def _who(key: GroupKey) -> str:
    return NO_PROCESS if key[0] == "none" else str(key[1])


def _port(key: GroupKey) -> int | None:
    return key[1] if isinstance(key[1], int) else None


def _root(who: str, sums: Record, within: Within) -> Way:
    return Way(who, "", "", None, sums["app"] or "", sums["flows"], sums["live"], sums["bytes_out"], sums["bytes_in"],
               sums["last_ns"], within, apps=sums["apps"])


def _way(who: str, host: str, port: int | None, sums: Record, record: Record, within: Within,
         process: str = "") -> Way:
    """`record`: of the newest of the flows."""
    name, proto = record.get("name") or {}, str(record.get("proto") or "")
    said = str(name.get("host") or "")
    if said and name.get("via") not in ("sni", "http"):
        said = f"~{said}"
    return Way(who, host, said, port, sums["app"] or proto, sums["flows"], sums["live"], sums["bytes_out"],
               sums["bytes_in"], sums["last_ns"], within, proto, apps=sums["apps"], process=process)


def _aimed(who: str, said: str, record: Record, way: Way) -> Way:
    """With what a policy asks of it: the name that the flows say, and of the newest one the network and ECH."""
    program = way.process or (str(record.get("src") or "") if who == NO_PROCESS else who)
    if not goes_out(way.host):
        return replace(way, program=program)
    hidden = bool(look_up(record, "tls.ech") or look_up(record, "quic.ech"))
    to = Destination(name_of(said) if said else "", way.host, way.port, look_up(record, "geo.asn"), hidden)
    return replace(way, to=to, program=program)


def policy_path() -> Path:
    return config_folder() / "egress-policy.toml"


@dataclass(frozen=True)
class Allow:
    """Make these part of the policy: what `program` may talk to, by "allow_sni" or "allow_ip". What the user's file
    says otherwise stays as it is; without one there is one from now on."""

    program: str
    key: str
    values: tuple[str, ...]

    def run(self, session: Session) -> str:
        path = policy_path()
        try:
            there = os.path.lexists(path)
            if there:
                load(path)  # what others could have written is not written on
            text = promoted(files.read_text(path) if there else NEW, {self.program: {self.key: list(self.values)}})
            files.write_text(path, text)
        except (PolicyError, ValueError) as e:
            return f"Not allowed: {e}"
        except OSError as e:
            return f"Not allowed: {path}: {e.strerror}"
        session.get(EgressAddon).look_again()
        return f"{self.program} may talk to {', '.join(self.values)}: {path}"


def allowing(ways: list[Way]) -> list[Allow]:
    """What would have to be allowed so that all of these are."""
    found = wanted((way.program, way.to) for way in ways if way.to is not None)
    return [Allow(program, key, tuple(values)) for program, lists in found.items() for key, values in lists.items()]


class EgressAddon(Addon):
    """Sums flows up by who began them and where they went."""

    name = "egress"
    options = (Option("keep", False, "Keep what programs talk to on interfaces, by day, in the state folder."),
               Option("keep_days", 90, "Days after which that is forgotten.", 1, 3650),
               Option("quotas", "", "Bytes that programs should not exceed: firefox=10GB/month, *=2GB/day; * is all.",
                      form=parsed))
    questions = (Egress,)

    def __init__(self) -> None:
        self._keeping: Keeping | None = None
        self._policy: Policy | None = None
        self._problem = ""
        self._looked, self._state = 0.0, (0, 0)

    def begin(self, run: Run) -> None:
        if run.purpose.live and run.settings.of("egress.keep"):
            self._keeping = Keeping(run)

    def take(self, step: Step) -> Sequence[Event]:
        if self._keeping is not None and not step.again:
            self._keeping.take(over=step.over)
        return ()

    def stores(self) -> Sequence[Store]:
        return self._keeping.stores() if self._keeping is not None else ()

    def close(self) -> None:
        if self._keeping is not None:
            self._keeping.close()
            self._keeping = None

    def look_again(self) -> None:
        """The policy is another one now."""
        self._looked, self._state = 0.0, (0, 0)

    def judged(self, found: EgressNow) -> EgressNow:
        """The same with what the policy says of each line, as far as there is one."""
        self._look()
        if self._policy is None:
            return replace(found, problem=self._problem)
        ways: list[Way] = []
        for way in found.ways:
            verdict = self._policy.judge(way.program, way.to) if way.to is not None else None
            ways.append(replace(way, verdict=verdict))
        worst: dict[str, Verdict] = {}
        for way in ways:
            if way.verdict is not None and (way.who not in worst or way.verdict.bad > worst[way.who].bad):
                worst[way.who] = way.verdict
        ways = [way if way.host else replace(way, verdict=worst.get(way.who)) for way in ways]
        return replace(found, ways=tuple(ways), policy=str(policy_path()))

    def _look(self) -> None:
        """Read the policy where it has changed since the last time."""
        now = time.monotonic()
        if now < self._looked:
            return
        self._looked = now + LOOK_S
        try:
            about = os.stat(policy_path())
            state = about.st_mtime_ns, about.st_size
        except OSError:
            state = 0, 0
        if state == self._state and state != (0, 0):
            return
        self._state, self._policy, self._problem = state, None, ""
        try:
            self._policy = load(policy_path())
        except PolicyError as e:
            self._problem = "" if e.missing else str(e)
