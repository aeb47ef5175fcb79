"""The interfaces, of this machine as the system tells of them or as a capture file describes them, over time.

What the capture took from each is counted here; live, the system is asked once a second, in a thread of its own, so
that no chunk waits for it. Times are nanoseconds since 1970 UTC. """

from __future__ import annotations

import ipaddress
import threading
import time
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from netwatch._fast.os.ifcount import InterfaceCounts
from netwatch._fast.out.names import link_name
from netwatch.addons.interface_readings import Change, Coverage, Rates, Reading, changes
from netwatch.addons.thens import Thens
from netwatch.model.contract import WARNING, Addon
from netwatch.model.event import Event, Step
from netwatch.model.host import Host, Unavailable
from netwatch.model.machine import Counters, Link, Rate, Route
from netwatch.model.record import Record
from netwatch.model.session import Sign
from netwatch.names.vendors import vendor_of

if TYPE_CHECKING:
    from netwatch.model.contract import Run, Session

ACTIVE, IDLE, DOWN = "active", "idle", "down"
NOT_ASKED = "not asked yet"
GONE = "the interfaces of that moment are not kept any more"
MOMENTS = 1800  # that are kept, and of each so many interfaces
MOST = 64
T = TypeVar("T")
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
    """One row. `counters` is None for an interface of a file; `history` is (bytes/s in, out) of each second.
    `coverage`: the share of the bytes counted by the system, since the capture began, that was captured; None while
    that is not known."""

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
    coverage: float | None = None


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

    def answer(self, session: Session) -> InterfacesNow:
        addon = session.get(InterfacesAddon)
        with session.lock:
            taken = [_captured(each, addon.counts.of(i)) for i, each in enumerate(session.source.interfaces)]
        if not session.live:
            return InterfacesNow(False, tuple(
                Interface(each.name, ACTIVE if each.frames else IDLE, captured=each, number=i)
                for i, each in enumerate(taken)))
        latest, system = addon.latest, addon.asked(session.host)
        rows = tuple(system.row(counters, rate, latest.links.get(counters.name),
                                tuple(addon.histories.get(counters.name, ())),
                                next((each for each in taken if each.name == counters.name), None),
                                latest.coverage.get(counters.name))
                     for counters, rate in latest.rates)
        return InterfacesNow(True, rows, latest.why, system.nameservers)


class _System(NamedTuple):
    """Routes, and how many neighbours there are by interface, None where they are not told; name servers."""

    routes: list[Route] | None = None
    neighbours: dict[str, int] | None = None
    nameservers: tuple[str, ...] = ()

    def row(self, counters: Counters, rate: Rate | None, link: Link | None, history: tuple[tuple[float, float], ...],
            captured: Captured | None, coverage: float | None) -> Interface:
        name = counters.name
        mine = None if self.routes is None else [route for route in self.routes if route.interface == name]
        return Interface(
            name, _state(counters, link, history), counters, rate, history, link,
            tuple(f"{ipaddress.ip_address(address)}/{prefix}" for address, prefix in link.addresses) if link else (),
            self._roles(name, link), vendor_of(counters.mac) if counters.mac else None,
            tuple(dict.fromkeys(_text(route.gateway) for route in mine or () if route.gateway)),
            None if mine is None else tuple(map(_route, mine[:MAX_ROUTES])),
            None if self.neighbours is None else self.neighbours.get(name, 0), captured,
            coverage=coverage)

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


def default_route(routes: list[Route], family_octets: int = 4) -> Route | None:
    """The default route of a family (4: IPv4, 16: IPv6) with the lowest metric."""
    found = [route for route in routes if route.prefix == 0 and len(route.network) == family_octets]
    return min(found, key=lambda route: route.metric, default=None)


def _state(counters: Counters, link: Link | None, history: tuple[tuple[float, float], ...]) -> str:
    """Idle: up, and without a byte in all the seconds that are remembered."""
    if counters.up is False or (link is not None and link.carrier is False):
        return DOWN
    return ACTIVE if any(rx or tx for rx, tx in history) else IDLE


def _captured(described: Record, counted: dict[str, int]) -> Captured:
    return Captured(str(described.get("name") or ""), link_name(described["link"]), described.get("snaplen") or 0,
                    str(described.get("description") or ""), **counted)


def _route(route: Route) -> str:
    where = "default" if route.prefix == 0 else f"{_text(route.network)}/{route.prefix}"
    return where + (f" via {_text(route.gateway)}" if route.gateway else " on the link") + \
        (f", metric {route.metric}" if route.metric else "")


def _text(address: bytes) -> str:
    return str(ipaddress.ip_address(address))


def _told(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Unavailable:
        return None


SAMPLES = 60  # seconds of rates remembered
MAX_CHANGES = 1000
ROUTES = 1000  # more are not kept by the moment
MAX_HISTORIES = 4096  # interfaces that come and go


class Then(NamedTuple):
    """What was known at a moment."""

    ns: int
    reading: Reading
    histories: dict[str, tuple[tuple[float, float], ...]]
    counts: tuple[dict[str, int], ...]


class CountsThen:
    """In place of InterfaceCounts: those of a moment."""

    def __init__(self, counts: tuple[dict[str, int], ...]) -> None:
        self._counts = counts

    def of(self, number: int) -> dict[str, int]:
        return self._counts[number] if number < len(self._counts) else InterfaceCounts().of(0)


class InterfacesAddon(Addon):
    """Remembers what came from each interface, and, live, what the system counts of them.

    `counts` by the number the source gave each interface; `latest`, `histories` and `changes` of the system's."""

    name = "interfaces"
    questions = (Interfaces,)

    def __init__(self, host: Host | None = None) -> None:
        self.counts: InterfaceCounts | CountsThen = InterfaceCounts()
        self._counted = self.counts
        self.latest = Reading(why=NOT_ASKED)
        self.histories: Mapping[str, Sequence[tuple[float, float]]] = {}  # name: (bytes/s in, out), oldest first
        self._sampled: dict[str, deque[tuple[float, float]]] = {}
        self.histories = self._sampled
        self._moments: deque[Then] = deque(maxlen=MOMENTS)
        self._sampling = threading.Lock()
        self._system = _System()  # as it was told last
        self._systems: Thens[_System] = Thens()
        self._past = False
        self.changes: deque[Change] = deque(maxlen=MAX_CHANGES)
        self._host = host or Host()
        self._rates = Rates(self._host.counters)
        self._coverage = Coverage()
        self._live = False
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def begin(self, run: Run) -> None:
        self._source, self._host, self._live = run.source, run.host, run.purpose.live
        self._rates = Rates(self._host.counters)

    def take(self, step: Step) -> Sequence[Event]:
        if step.box is not None and not step.idle:
            self._counted.take(step.box)
        if self._live and self._thread is None:
            self._thread = threading.Thread(target=self._ask_again, name="interfaces", daemon=True)
            self._thread.start()
        return ()

    def signs(self) -> Sequence[Sign]:
        """Interfaces that are captured on and down: nothing comes from there, and the capture does not fail."""
        if not self._live:
            return ()
        captured = {str(each.get("name") or "") for each in self._source.interfaces}
        latest = self.latest
        down = [counters.name for counters, _ in latest.rates
                if counters.name in captured and _state(counters, latest.links.get(counters.name), ()) == DOWN]
        return (Sign(f"{', '.join(down)} down", WARNING),) if down else ()

    def asked(self, host: Host) -> _System:
        """What the system says just now; of a moment that is over, what it had said last."""
        if not self._past:
            neighbours = _told(host.neighbours)
            counted = None if neighbours is None else dict(Counter(each.interface for each in neighbours))
            self._system = _System(_told(host.routes), counted, tuple(host.nameservers()))
        return self._system

    def put_down(self, ns: int) -> None:
        """See Addon."""
        self._systems.put(ns, self._system if len(self._system.routes or ()) <= ROUTES else _System())
        with self._sampling:
            reading = self.latest
            histories = {counters.name: tuple(self._sampled.get(counters.name, ()))
                         for counters, _ in reading.rates[:MOST]}
        counts = tuple(self.counts.of(i) for i in range(min(len(self._source.interfaces), MOST)))
        self._moments.append(Then(ns, reading._replace(rates=reading.rates[:MOST]), histories, counts))

    def as_of(self, ns: int) -> InterfacesAddon:
        """See Addon; where that moment is not kept any more, with the reason for what is not there."""
        at = bisect_right(self._moments, ns, key=lambda each: each.ns) - 1
        found = self._moments[at] if at >= 0 and self._moments[at].ns == ns else Then(ns, Reading(why=GONE), {}, ())
        then = copy(self)
        then._system, then._past = self._systems.at(ns) or _System(), True
        then.latest, then.histories, then.counts = found.reading, found.histories, CountsThen(found.counts)
        return then

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def sample(self) -> None:
        """Ask the system once, and remember what has changed since the last time."""
        try:
            rates = self._rates.read()
            links = {link.name: link for link in self._host.links()}
        except Unavailable as e:
            self.latest = Reading(why=str(e))
            return
        new = Reading(tuple((counters, rate) for counters, rate, _ in rates), links,
                      coverage=self._covered([counters for counters, _, _ in rates], links))
        with self._sampling:
            for counters, _, step in rates:
                if step is not None:
                    history = self._sampled.setdefault(counters.name, deque(maxlen=SAMPLES))
                    history.append((step.rx_bytes_s, step.tx_bytes_s))
            if len(self._sampled) > MAX_HISTORIES:
                for name in self._sampled.keys() - links.keys():
                    del self._sampled[name]
            if not self.latest.why:
                self.changes.extend(changes(self.latest, new, time.time_ns()))
            self.latest = new

    def _covered(self, counted: list[Counters], links: Mapping[str, Link]) -> dict[str, float]:
        """By name, of the interfaces that are captured on."""
        if not self._live:
            return {}
        numbers = {str(each.get("name") or ""): i for i, each in enumerate(self._source.interfaces)}
        found = {}
        for counters in counted:
            if counters.name in numbers:
                link = links.get(counters.name)
                share = self._coverage.share(counters, link is not None and link.kind == "loopback",
                                             self._counted.of(numbers[counters.name])["bytes"])
                if share is not None:
                    found[counters.name] = share
        return found

    def _ask_again(self) -> None:
        while not self._stop.is_set():
            self.sample()
            self._stop.wait(1.0)
