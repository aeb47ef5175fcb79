"""The interfaces: of this machine as the system tells them, or those that a capture file describes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from netwatch._fast.out.names import link_name
from netwatch.names.vendors import vendor_of
from netwatch.platform import current
from netwatch.platform.base import Counters, Link, Neighbour, Route, Unavailable, default_route
from netwatch.platform.rates import Rate
from netwatch.platform.resolvers import nameservers

ACTIVE, IDLE, DOWN = "active", "idle", "down"
MAX_ROUTES = 64  # of one interface told


@dataclass(frozen=True)
class Captured:
    """What a source says of one of its interfaces, and what came from it. `bytes` are on the wire."""

    name: str
    link: str
    snaplen: int
    description: str
    frames: int
    bytes: int
    cut: int
    first_ns: int
    last_ns: int
    clock_steps: int = 0
    largest_step_ns: int = 0


@dataclass(frozen=True)
class Interface:
    """One row. `counters` is None for an interface of a file; `history` is (bytes/s in, out) of each second."""

    name: str
    state: str
    counters: Counters | None = None
    rate: Rate | None = None
    history: tuple[tuple[float, float], ...] = ()
    link: Link | None = None
    addresses: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    vendor: str | None = None
    gateways: tuple[str, ...] = ()
    routes: tuple[str, ...] | None = None  # None: the system does not tell
    neighbours: int | None = None
    captured: Captured | None = None
    number: int = 0  # in the file; names there may be missing, or the same


@dataclass(frozen=True)
class InterfacesNow:
    """`why`: the system does not tell, and the reason. `nameservers`: of resolv.conf."""

    live: bool
    rows: tuple[Interface, ...] = ()
    why: str = ""
    nameservers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Interfaces:
    """Every interface, as it is now."""

    def answer(self, session: Any) -> InterfacesNow:
        keeper = session.keepers["interfaces"]
        with session.lock:
            taken = [_captured(each, keeper.counts.of(i)) for i, each in enumerate(session.source.interfaces)]
        if not session.live:
            return InterfacesNow(False, tuple(
                Interface(each.name, ACTIVE if each.frames else IDLE, captured=each, number=i)
                for i, each in enumerate(taken)))
        latest, system = keeper.latest, _System()
        rows = tuple(system.row(counters, rate, latest.links.get(counters.name),
                                tuple(keeper.histories.get(counters.name, ())),
                                next((each for each in taken if each.name == counters.name), None))
                     for counters, rate in latest.rates)
        return InterfacesNow(True, rows, latest.why, nameservers())


@dataclass
class _System:
    """Routes and neighbours, asked for once an answer."""

    routes: list[Route] | None = field(default_factory=lambda: _told(current().routes))
    neighbours: list[Neighbour] | None = field(default_factory=lambda: _told(current().neighbours))

    def row(self, counters: Counters, rate: Rate | None, link: Link | None, history: tuple[tuple[float, float], ...],
            captured: Captured | None) -> Interface:
        name = counters.name
        mine = None if self.routes is None else [route for route in self.routes if route.interface == name]
        return Interface(
            name, _state(counters, link, history), counters, rate, history, link,
            tuple(f"{ipaddress.ip_address(address)}/{prefix}" for address, prefix in link.addresses) if link else (),
            self._roles(name, link), vendor_of(counters.mac) if counters.mac else None,
            tuple(dict.fromkeys(_text(route.gateway) for route in mine or () if route.gateway)),
            None if mine is None else tuple(map(_route, mine[:MAX_ROUTES])),
            None if self.neighbours is None else sum(each.interface == name for each in self.neighbours), captured)

    def _roles(self, name: str, link: Link | None) -> tuple[str, ...]:
        found = []
        routes = self.routes or []
        families = [word for octets, word in ((4, "IPv4"), (16, "IPv6"))
                    if (best := default_route(routes, octets)) and best.interface == name]
        if families:
            found.append("default route" + (f" ({families[0]})" if len(families) == 1 else ""))
        kind = link.kind if link else ""
        if kind and kind != "ethernet":
            found.append(f"vpn/{kind}" if kind.startswith("tunnel") else kind)
        if link and link.master:
            found.append(f"part of {link.master}")
        return tuple(found)


def _state(counters: Counters, link: Link | None, history: tuple[tuple[float, float], ...]) -> str:
    """Idle: up, and without a byte in all the seconds that are remembered."""
    if counters.up is False or (link is not None and link.carrier is False):
        return DOWN
    return ACTIVE if any(rx or tx for rx, tx in history) else IDLE


def _captured(described: dict[str, Any], counted: dict[str, int]) -> Captured:
    return Captured(str(described.get("name") or ""), link_name(described["link"]), described.get("snaplen") or 0,
                    str(described.get("description") or ""), **counted)


def _route(route: Route) -> str:
    where = "default" if route.prefix == 0 else f"{_text(route.network)}/{route.prefix}"
    return where + (f" via {_text(route.gateway)}" if route.gateway else " on the link") + \
        (f", metric {route.metric}" if route.metric else "")


def _text(address: bytes) -> str:
    return str(ipaddress.ip_address(address))


def _told(ask: Any) -> Any:
    try:
        return ask()
    except Unavailable:
        return None
