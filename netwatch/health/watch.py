"""Probes again and again: gateway, name servers, one target; what each came to, and since when a way out is down.

Down is what did not answer three times in a row. What cannot be measured is said to be that, and never well or down.
"""

from __future__ import annotations

import ipaddress
import statistics
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from netwatch.health.series import Series
from netwatch.health.trace import answers
from netwatch.model.host import Host, Unavailable
from netwatch.model.probe import ANSWER, DNS, ECHO, EXPIRED, SILENT, UNREACHABLE, Reply
from netwatch.model.record import Record
from netwatch.platform.probing import NOT_NEAR, gateways, is_near, networks, parsed, resolvers

UP, DOWN, UNMEASURED = "up", "down", "not measured"
GATEWAY, INTERNET, RESOLVER = "gateway", "internet", "dns"  # of which the first that is down is what failed
DOWN_AFTER = 3  # rounds without an answer
KEPT = 60  # rounds that loss and round trips are of
RESOLVERS_MOST = 3
FINE = (0, 3)  # response codes of a server that works: NOERROR, NXDOMAIN
TTL, SIZE = 64, 64
BUSY, IDLE, LEAST_LOAD = 0.5, 0.1, 125_000  # shares of the largest rate seen, which must be so many bytes a second
LEAST_TIMED = 5  # round trips of either kind
TIMED_MOST = 100
NO_ROUTE = "this machine has no default route"
NO_SERVER = "this machine names no server"


@dataclass(frozen=True)
class Plan:
    """What is probed."""

    gateway: bool = False
    dns: bool = False
    target: str = ""
    third_party: bool = False
    wait_ms: int = 2000

    @property
    def kinds(self) -> tuple[str, ...]:
        pairs = ((GATEWAY, self.gateway), (INTERNET, bool(self.target)), (RESOLVER, self.dns))
        return tuple(kind for kind, wanted in pairs if wanted)


@dataclass
class Place:
    """An address that is probed. `recent`: round trips of the last rounds in microseconds, None of what was lost."""

    kind: str
    address: str
    recent: deque[float | None] = field(default_factory=lambda: deque(maxlen=KEPT))
    missed: int = 0  # in a row
    why: str = ""  # what came instead of an answer

    def record(self) -> Record:
        series = Series()
        for rtt in self.recent:
            if rtt is None:
                series.missed()
            else:
                series.answered(rtt)
        found: Record = {"kind": self.kind, "address": self.address, **series.record()}
        return found | ({"reason": self.why} if self.why else {})


@dataclass(frozen=True)
class Way:
    """How one kind of way out is: `since_ns` it is so."""

    kind: str
    state: str
    since_ns: int
    reason: str = ""


class Watch:
    """Of one machine. A round takes as long as `plan.wait_ms` where somebody is silent."""

    def __init__(self, host: Host, plan: Plan, probe: Callable[[Host, str, str, int], Reply] | None = None) -> None:
        self.plan = plan
        self.ways = {kind: Way(kind, UNMEASURED, 0, "no round is over yet") for kind in plan.kinds}
        self._host, self._probe = host, probe or one
        self._places: dict[tuple[str, str], Place] = {}
        self._missed: dict[str, tuple[int, int]] = {}  # by kind: rounds in a row, and when the first of them was
        self._load = Load(host)

    def round(self, now_ns: int) -> None:
        """Ask all once. Raises OSError, Unavailable."""
        busy = self._load.look(now_ns)
        near = _asked(networks, self._host)[0]
        for kind in self.plan.kinds:
            addresses, why = self._addresses(kind)
            allowed = [each for each in addresses if self.plan.third_party or is_near(parsed(each), near)]
            if not allowed:
                self._settle(kind, None, why or (NOT_NEAR if addresses else ""), now_ns)
                continue
            self._forget(kind, allowed)
            heard = [self._ask(kind, each, busy) for each in allowed]
            reasons = [each.why for each in map(self._place, [kind] * len(allowed), allowed) if each.why]
            self._settle(kind, any(heard), "; ".join(dict.fromkeys(reasons)), now_ns)

    @property
    def state(self) -> Way:
        """Of all: down when one of them is, and then which; up when one is and none is down."""
        down = [way for way in self.ways.values() if way.state == DOWN]
        up = [way for way in self.ways.values() if way.state == UP]
        if down:
            return down[0]
        if up and not self.doubtful:
            return Way("", UP, max(way.since_ns for way in up))
        return Way("", UNMEASURED, 0, "" if up else "; ".join(f"{way.kind}: {way.reason}" for way in
                                                              self.ways.values()))

    @property
    def doubtful(self) -> bool:
        """Has one that was up not answered in the last round, so that it may be down?"""
        return any(self._missed.get(way.kind, (0, 0))[0] for way in self.ways.values() if way.state == UP)

    def record(self) -> Record:
        """netwatch.health/1, without schema and time."""
        state = self.state
        found: Record = {"state": state.state, "ways": [
            {"kind": way.kind, "state": way.state, **({"reason": way.reason} if way.reason else {})}
            for way in self.ways.values()], "places": [place.record() for place in self._places.values()]}
        if state.state == DOWN:
            found["failing"] = state.kind
        return found | self._load.record()

    def _addresses(self, kind: str) -> tuple[list[str], str]:
        """Of those to ask, and why there are none."""
        if kind == INTERNET:
            return [self.plan.target], ""
        if kind == GATEWAY:
            found, why = _asked(gateways, self._host)
            return found[:1], why or ("" if found else NO_ROUTE)
        found, why = _asked(resolvers, self._host)
        return found[:RESOLVERS_MOST], why or ("" if found else NO_SERVER)

    def _place(self, kind: str, address: str) -> Place:
        return self._places.setdefault((kind, address), Place(kind, address))

    def _forget(self, kind: str, addresses: list[str]) -> None:
        """Those that the machine uses no more."""
        for key in [key for key in self._places if key[0] == kind and key[1] not in addresses]:
            del self._places[key]

    def _ask(self, kind: str, address: str, busy: bool | None) -> bool:
        place = self._place(kind, address)
        reply = self._probe(self._host, DNS if kind == RESOLVER else ECHO, address, self.plan.wait_ms)
        well = reply.kind == ANSWER and (kind != RESOLVER or reply.code in FINE)
        place.recent.append(reply.rtt_us if well else None)
        place.missed = 0 if well else place.missed + 1
        place.why = "" if well else _word(kind, reply)
        if well and kind != RESOLVER and reply.rtt_us is not None:
            self._load.timed(kind, reply.rtt_us, busy)
        if not well and kind == GATEWAY and self._is_neighbour(address):
            place.why = "it answers no echo request, but on the link"
            return True
        return well

    def _is_neighbour(self, address: str) -> bool:
        """Has it just answered ARP or neighbour discovery?"""
        packed = ipaddress.ip_address(address.partition("%")[0]).packed
        try:
            return any(each.address == packed and each.state == "reachable" for each in self._host.neighbours())
        except Unavailable:
            return False

    def _settle(self, kind: str, answered: bool | None, why: str, now_ns: int) -> None:
        """`answered` None: nobody could be asked. A gateway that there is none of is as good as one that is silent."""
        way = self.ways[kind]
        if answered is None and why == NO_ROUTE:
            answered = False
        if answered is None:
            self._missed.pop(kind, None)
            if (way.state, way.reason) != (UNMEASURED, why):
                self.ways[kind] = Way(kind, UNMEASURED, now_ns, why)
            return
        if answered:
            self._missed.pop(kind, None)
            self.ways[kind] = Way(kind, UP, way.since_ns if way.state == UP else now_ns, why)
            return
        count, first = self._missed.get(kind, (0, now_ns))
        self._missed[kind] = count + 1, first
        if count + 1 >= DOWN_AFTER:
            self.ways[kind] = Way(kind, DOWN, first, why)


class Load:
    """How busy the interfaces are, and how late answers come when they are and when not: what queues add (bufferbloat).
    No traffic is made for it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._before: tuple[int, int] | None = None
        self._largest = 0.0
        self._of = ""  # the kind of place that is timed
        self._times: dict[bool, deque[float]] = {each: deque(maxlen=TIMED_MOST) for each in (True, False)}

    def look(self, now_ns: int) -> bool | None:
        """Have the interfaces been busy since the last look? None: neither busy nor idle, or not known."""
        try:
            total = sum(each.rx_bytes + each.tx_bytes for each in self._host.counters() if each.name != "lo")
        except Unavailable:
            return None
        before, self._before = self._before, (now_ns, total)
        if before is None or now_ns <= before[0] or total < before[1]:
            return None
        rate = (total - before[1]) * 1e9 / (now_ns - before[0])
        self._largest = max(self._largest, rate)
        if self._largest < LEAST_LOAD:
            return False
        return True if rate >= BUSY * self._largest else False if rate <= IDLE * self._largest else None

    def timed(self, kind: str, rtt_us: float, busy: bool | None) -> None:
        """Those of the farthest place are what counts."""
        if kind == INTERNET and self._of != INTERNET:
            for times in self._times.values():
                times.clear()
        if kind == INTERNET or self._of != INTERNET:
            self._of = kind
            if busy is not None:
                self._times[busy].append(rtt_us)

    def record(self) -> Record:
        busy, idle = self._times[True], self._times[False]
        if len(busy) < LEAST_TIMED or len(idle) < LEAST_TIMED:
            return {"bufferbloat_unmeasured": f"{len(idle)} answers while idle and {len(busy)} under load; "
                                              f"{LEAST_TIMED} of each are needed"}
        return {"bufferbloat_us": round(max(0.0, statistics.median(busy) - statistics.median(idle)), 1),
                "bufferbloat_of": self._of}


def one(host: Host, method: str, address: str, wait_ms: int) -> Reply:
    """Send one probe, and wait for what comes of it. Raises OSError, ValueError, Unavailable."""
    number = host.probe(method, address, TTL, SIZE, wait_ms, 0)
    (reply,) = answers(host, {number}, wait_ms)
    return reply


def _asked(ask: Callable[[Host], list[str]], host: Host) -> tuple[list[str], str]:
    """What it answers, or why there is no answer."""
    try:
        return ask(host), ""
    except Unavailable as e:
        return [], str(e)


def _word(kind: str, reply: Reply) -> str:
    if reply.kind == ANSWER:
        return f"it answers with an error (code {reply.code})"
    words = {SILENT: "no answer", EXPIRED: "its hops were used up on the way",
             UNREACHABLE: f"unreachable (code {reply.code})"}
    return reply.reason or words.get(reply.kind, reply.kind)
