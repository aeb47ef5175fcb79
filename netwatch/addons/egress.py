"""Who began flows, and where they went: processes (live) or hosts (a file), and the destinations of each."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netwatch._fast.view.gather import ways
from netwatch.addons.throughput import Throughput
from netwatch.model.contract import Addon
from netwatch.model.record import Record
from netwatch.owners.addon import FlowOwners

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

SHOWN = 400  # destinations told, and as many who began flows: those of most bytes
NO_PROCESS = "no process known"


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
    proto: str = ""
    destinations: int = 0


@dataclass(frozen=True)
class EgressNow:
    """`ways` by who began them, those of most bytes first. `total` destinations there are; `left_out`: flows that began
    elsewhere, or for which there was no room; `by_process`: whether it is processes that began them."""

    ways: tuple[Way, ...]
    total: int
    left_out: int
    by_process: bool
    now_ns: int


@dataclass(frozen=True)
class Egress:
    """The flows that pass `where` (a Filter or None), those that have ended included. Live, those begun here."""

    where: Filter | None = None

    def answer(self, session: Session) -> EgressNow:
        own = list(session.get(Throughput).here) if session.live else None
        selected = session.look(session.view.select(self.where))
        with session.lock:
            codes, by_code, names = _processes(session)
            roots, found, total, left_out = ways(selected, SHOWN, own, codes, by_code)
            by_process = own is not None and bool(names)
            told = [_way(session, each, names, by_process) for each in found]
            whole = [_root(each, names, by_process) for each in roots]
            now = session.engine.clock
        if own is not None and not by_process:
            whole = [replace(way, who=NO_PROCESS) for way in whole[:1]]
            told = [replace(way, who=NO_PROCESS) for way in told]
        return EgressNow(_in_order(whole, told), total, left_out, by_process, now)


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


def _processes(session: Session) -> tuple[Any, Any, list[str]]:
    """(process code of each row, number of the process's name by code, the names, the first with number 1)."""
    owners = session.get(FlowOwners)
    if not owners.looking:
        return None, None, []
    told = owners.column(session.engine)
    codes = told.codes
    known = told.tables["process.name"]
    names = sorted(set(known.values()))
    number = {name: i for i, name in enumerate(names, 1)}
    by_code = array("I", bytes(4 * (max(known, default=0) + 1)))
    for code, name in known.items():
        by_code[code] = number[name]
    return codes, by_code, names


def _who(group: Record, names: list[str], by_process: bool, address: str) -> str:
    if not by_process:
        return address
    return names[group["root"] - 1] if group["root"] else NO_PROCESS


def _root(group: Record, names: list[str], by_process: bool) -> Way:
    return Way(_who(group, names, by_process, group["address"]), "", "", None, "", group["flows"], group["live"],
               group["bytes_out"], group["bytes_in"], group["last_ns"])


def _way(session: Session, group: Record, names: list[str], by_process: bool) -> Way:
    record = session.record(group["row"])
    name = record.get("name") or {}
    host = str(name.get("host") or "")
    if host and name.get("via") not in ("sni", "http"):
        host = f"~{host}"
    return Way(_who(group, names, by_process, group["from"]), group["address"], host, group["port"],
               group["app"] or str(record.get("proto") or ""), group["flows"], group["live"], group["bytes_out"],
               group["bytes_in"], group["last_ns"], str(record.get("proto") or ""))


class EgressAddon(Addon):
    """Sums flows up by who began them and where they went."""

    name = "egress"
    questions = (Egress,)
