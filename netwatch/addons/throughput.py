"""What came in each second, in the last minute, hour or day: the engine counts it, and is asked for counts and rates.

A live source is told up to the last second that is over; a file up to its last frame. This addon adds what the engine
cannot see: how many frames were lost before they came here, and which addresses are this machine's own, by which bytes
in and out are told apart. A capture file has no such addresses: it may be from anywhere.
"""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from netwatch._fast.flow.series import History
from netwatch._fast.view.engineview import counts as counts_of
from netwatch._fast.view.engineview import dns_state, dns_times, now_window
from netwatch.model.contract import Addon
from netwatch.model.event import Event, Step
from netwatch.model.host import Unavailable
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run, Session

SECOND = 1_000_000_000  # ns
ASK_AGAIN = 10.0  # seconds between two looks at the machine's addresses

RANGES: dict[str, int] = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "session": 0}
MOST = 86_400  # seconds kept
POINTS = 360  # of a graph, at most
TENS = 10  # seconds of a bucket beyond the last hour
FINE = 3600
MOMENTS = 1800  # of the history of flows, whose totals are kept

Rates = tuple[float | None, ...]


@dataclass(frozen=True)
class Past:
    """`rates` are per second, oldest first, None before the session began. `down` and `up` are bytes to and from this
    machine where `here`, else to and from whoever began each flow."""

    range: str
    start: int  # seconds since 1970, packet time
    end: int
    step: int  # seconds of one rate
    rates: dict[str, Rates]
    counts: dict[str, int]  # in the range
    session: dict[str, int]  # since the beginning
    first_ns: int  # of the session's first frame
    until_ns: int  # of a file's last frame so far; live, the end of the last second that is over
    here: bool
    now: dict[str, float]  # per second, over now_window(); else empty

    @property
    def seconds(self) -> float:
        """Those the range really covers: fewer than asked for in a young session, and of a short file no whole ones. 0
        where there is but one moment."""
        return max(0, self.until_ns - max(self.first_ns, self.start * SECOND)) / 1e9

    @property
    def session_s(self) -> float:
        """Since the beginning."""
        return max(0, self.until_ns - self.first_ns) / 1e9

    @property
    def since_ns(self) -> int:
        """When the range begins, 0 for the whole session."""
        return self.start * SECOND if self.start > self.first_ns // SECOND else 0


@dataclass(frozen=True)
class DnsTime:
    """Of plain DNS: the median from query to response in microseconds, None without a pair; `off`: nobody looks."""

    median_us: float | None
    timed: int
    newest_only: bool  # more came than are kept
    off: bool


@dataclass(frozen=True)
class PastQuestion:
    """The past alone."""

    range: str = "5m"

    def answer(self, session: Session) -> Past:
        with session.lock:
            return past_of(session, self.range)


def pace_of(session: Session) -> tuple[float, float]:
    """Packets and bytes per second, now: over now_window(), so that a burst a second does not jump. The caller holds
    session.lock."""
    session.engine.tell()
    now = _now(session.get(Throughput).history, session.engine)
    return now.get("packets", 0.0), now.get("bytes", 0.0)


def _now(history: History, engine: Engine) -> dict[str, float]:
    """Of everything that is counted, the mean over the window that rates of flows are over, too (flow/rates.pxd). Empty
    where no time has passed."""
    start, end, seconds = now_window(engine)
    start = max(history.first, start)
    if not history.first or end <= start or seconds <= 0:
        return {}
    return {key: sum(values) / seconds for key, values in history.read(start, end, 1).items()}


def past_of(session: Session, name: str) -> Past:
    """The caller holds session.lock. KeyError for a range that is none of RANGES."""
    addon = session.get(Throughput)
    history = addon.history
    session.engine.tell()
    seen = counts_of(session.engine)
    total = history.totals()
    first, now = history.first, history.second
    here = bool(addon.here) and total["here_in"] + total["here_out"] > 0
    asked = RANGES[name]
    if not first:
        return Past(name, 0, 0, 1, dict.fromkeys(("down", "up", *total), ()), _named(total, here), _named(total, here),
                    0, 0, here, {})
    end = now if session.live and now > first else now + 1
    age = end - first
    span = min(asked or age, MOST)
    start = max(first, end - span)
    fine = start > now - FINE
    step = -(-span // POINTS)
    if not fine:
        step = -(-step // TENS) * TENS
        start = max(first, start - start % TENS)
    pieces = history.read(start, end, step)
    edges = [start, *range(start // step * step + step, end, step), end]
    lengths = [after - before for before, after in pairwise(edges)]
    missing: Rates = (None,) * max(0, (span - (end - start)) // step)
    rates = {key: missing + tuple(value / length for value, length in zip(values, lengths, strict=True))
             for key, values in _named(pieces, here).items()}
    whole = start == first
    counts = total if whole and end > now else {key: sum(values) for key, values in pieces.items()}
    until_ns = end * SECOND if session.live else seen["clock_ns"]
    now_rates = _now(history, session.engine)
    return Past(name, start, end, step, rates, _named(counts, here), _named(total, here), seen["first_ns"], until_ns,
                here, _named(now_rates, here) if now_rates else {})


def _named(counts: Record, here: bool) -> Record:
    """With `down` and `up`, by what is known."""
    return counts | ({"down": counts["here_in"], "up": counts["here_out"]} if here else
                     {"down": counts["back"], "up": counts["forth"]})


def dns_of(session: Session, past: Past) -> Callable[[], DnsTime]:
    """How fast DNS was in the range. The caller holds session.lock; what is returned needs no lock to work it out."""
    on, timed, kept = dns_state(session.engine)
    times = dns_times(session.engine, past.since_ns)
    return lambda: DnsTime(median(times) if times else None, len(times), timed > kept and len(times) == kept, not on)


class Throughput(Addon):
    """Remembers what came in each second, how much of it was lost, and which addresses are this machine's.

    `history` is the engine's; `here`: the machine's addresses, none of a file; `gateway`: the default one, as octets
    and as text, None without."""

    name = "throughput"
    questions = (PastQuestion,)

    def begin(self, run: Run) -> None:
        self._run = run
        self.history = History()
        self.here: frozenset[bytes] = frozenset()
        self.gateway: tuple[bytes, str] | None = None
        self._moments: deque[tuple[int, tuple[int, ...]]] = deque(maxlen=MOMENTS)
        self._second = 0
        self._next_look = 0.0
        run.engines[0].remember(self.history)
        if run.purpose.live:
            self._look_around()

    def take(self, step: Step) -> Sequence[Event]:
        """Once a second of packet time, and of a live source only: nothing is lost from a file."""
        second = self.history.second
        if self._run.purpose.live and second != self._second:
            self._second = second
            stats = self._run.source.stats()
            self.history.set_drops(sum(stats.get(f"{where}_drops", 0) for where in ("kernel", "interface", "ring")))
            if time.monotonic() >= self._next_look:
                self._look_around()
        return ()

    def put_down(self, ns: int) -> None:
        self._run.engines[0].tell()
        self._moments.append((ns, tuple(self.history.totals().values())))

    def as_of(self, ns: int) -> Throughput:
        """Its history is what had been counted by then; of a moment that is not kept any more, with all of its
        second."""
        found = copy(self)
        totals = next((totals for at, totals in reversed(self._moments) if at == ns), None)
        found.history = self.history.until(ns // SECOND + 1, True, totals)
        return found

    def _look_around(self) -> None:
        """At the machine's addresses, and the default route through the interfaces that are captured."""
        self._next_look = time.monotonic() + ASK_AGAIN
        names = {str(each.get("name")) for each in self._run.source.interfaces}
        try:
            here, routes = self._run.host.addresses(), self._run.host.routes()
        except (Unavailable, OSError):
            return
        self.history.set_here(here)
        self.here = here
        ways = [route for route in routes
                if not route.prefix and route.gateway and (route.interface in names or "any" in names)]
        raw = min(ways, key=lambda route: (len(route.gateway), route.metric)).gateway if ways else b""
        self.gateway = (raw, str(ipaddress.ip_address(raw))) if raw else None
