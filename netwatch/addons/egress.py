"""Who began flows, and where they went: processes (live) or hosts (a file), and the destinations of each."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.throughput import Throughput
from netwatch.model.contract import Addon
from netwatch.model.group import By, GroupKey, Within
from netwatch.model.option import Option
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

SHOWN = 400  # destinations told, and as many who began flows: those of most bytes
NO_PROCESS = "no process known"
SAID = ("tls.sni", "quic.sni", "http.host")  # names that flows say themselves


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


@dataclass(frozen=True)
class Egress:
    """The flows that pass `where` (a Filter or None), those that have ended included. Live, those begun here."""

    where: Filter | None = None

    def answer(self, session: Session) -> EgressNow:
        return session.look(self._looked(session))

    def _looked(self, session: Session) -> Generator[bool, None, EgressNow]:
        selected = yield from session.view.select(self.where, wanted=("process.name",))
        view, here = selected.view, session.get(Throughput).history
        who = (By(("process.name",)) if session.live else By(end="src"),)
        where = (*who, By(end="dst"), By(SAID), By(("dport",)), By(("proto",)))
        began = GroupList(selected, [GroupBy(view, *by) for by in who], here, begun_here=session.live, ip=True)
        roots = yield from began.largest(SHOWN)
        went = GroupList(selected, [GroupBy(view, *by) for by in where])
        found = yield from went.largest(SHOWN)
        records = yield from session.recorded([sums["row"] for _, sums in found])
        yield True
        whole = [_root(_who(key[0]), sums, Within(who, key, _who(key[0]), begun_here=session.live, ip=True))
                 for key, sums in roots]
        told = [_way(_who(key[0]), str(key[1][1]), _port(key[3]), sums, record,
                     Within(where, key, f"{_who(key[0])} to {key[1][1]}", begun_here=session.live, ip=True))
                for (key, sums), record in zip(found, records, strict=True)]
        named = view.columns().get("process.name")
        return EgressNow(_in_order(whole, told), went.groups, began.left_out + went.unplaced,
                         session.live and named is not None and bool(named[2]), session.engine.clock, began.carried)


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


def _way(who: str, host: str, port: int | None, sums: Record, record: Record, within: Within) -> Way:
    """`record`: of the newest of the flows."""
    name, proto = record.get("name") or {}, str(record.get("proto") or "")
    said = str(name.get("host") or "")
    if said and name.get("via") not in ("sni", "http"):
        said = f"~{said}"
    return Way(who, host, said, port, sums["app"] or proto, sums["flows"], sums["live"], sums["bytes_out"],
               sums["bytes_in"], sums["last_ns"], within, proto, apps=sums["apps"])


class EgressAddon(Addon):
    """Sums flows up by who began them and where they went."""

    name = "egress"
    options = (Option("keep", False, "Keep what programs talk to on interfaces, by day, in the state folder."),
               Option("keep_days", 90, "Days after which that is forgotten.", 1, 3650))
    questions = (Egress,)
