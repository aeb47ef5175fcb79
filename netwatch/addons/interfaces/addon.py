"""Interfaces over time: what the capture took from each, and, live, what the system counts of them once a second.

The system is asked in a thread of its own, so that no chunk waits for it. Times are nanoseconds since 1970 UTC.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from netwatch._fast.os.ifcount import InterfaceCounts
from netwatch.platform import current
from netwatch.platform.base import Counters, Link, Platform, Unavailable
from netwatch.platform.rates import Rate, Rates
from netwatch.run.pipeline import Step

SAMPLES = 60  # seconds of rates remembered
MAX_CHANGES = 1000
MAX_HISTORIES = 4096  # interfaces that come and go


class Change(NamedTuple):
    """What happened to an interface."""

    time_ns: int
    name: str
    severity: str  # "info" or "warning"
    text: str


class Reading(NamedTuple):
    """One look at the system; `why`: it does not tell, and the reason."""

    rates: tuple[tuple[Counters, Rate | None], ...] = ()
    links: Mapping[str, Link] = MappingProxyType({})
    why: str = ""


class Interfaces:
    """`counts` by the number the source gave each interface; `latest`, `histories` and `changes` of the system's."""

    wants: frozenset[str] = frozenset()

    def __init__(self, platform: Platform | None = None) -> None:
        self.counts = InterfaceCounts()
        self.latest = Reading(why="not asked yet")
        self.histories: dict[str, deque[tuple[float, float]]] = {}  # name: (bytes/s in, out), oldest first
        self.changes: deque[Change] = deque(maxlen=MAX_CHANGES)
        self._platform = platform
        self._rates: Rates | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def watch(self, session: Any, box: Any, step: Step | None) -> None:
        if step is not None and not step.idle:
            self.counts.take(box)
        if session.live and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="interfaces", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def sample(self) -> None:
        """Ask the system once, and remember what has changed since the last time."""
        if self._platform is None:
            self._platform = current()
        if self._rates is None:
            self._rates = Rates(self._platform.counters)
        try:
            rates = self._rates.read()
            links = {link.name: link for link in self._platform.links()}
        except Unavailable as e:
            self.latest = Reading(why=str(e))
            return
        for counters, rate in rates:
            if rate is not None:
                history = self.histories.setdefault(counters.name, deque(maxlen=SAMPLES))
                history.append((rate.rx_bytes_s, rate.tx_bytes_s))
        if len(self.histories) > MAX_HISTORIES:
            for name in self.histories.keys() - links.keys():
                del self.histories[name]
        new = Reading(tuple(rates), links)
        if not self.latest.why:
            self.changes.extend(changes(self.latest, new, time.time_ns()))
        self.latest = new

    def _run(self) -> None:
        while not self._stop.is_set():
            self.sample()
            self._stop.wait(1.0)


def changes(old: Reading, new: Reading, now: int) -> list[Change]:
    """What is different between two readings: interfaces, up and down, carrier, addresses."""
    found = []
    before = {counters.name: counters for counters, _ in old.rates}
    after = {counters.name: counters for counters, _ in new.rates}
    for name in before.keys() - after.keys():
        found.append(Change(now, name, "warning", f"{name} is gone"))
    for name, counters in after.items():
        if name not in before:
            found.append(Change(now, name, "info", f"{name} appeared"))
            continue
        if counters.up != before[name].up and counters.up is not None:
            found.append(Change(now, name, "info" if counters.up else "warning",
                                f"{name} went {'up' if counters.up else 'down'}"))
        was, is_now = old.links.get(name), new.links.get(name)
        if was is None or is_now is None:
            continue
        known = was.carrier is not None and is_now.carrier is not None
        if counters.up and before[name].up and known and was.carrier != is_now.carrier:
            found.append(Change(now, name, "info" if is_now.carrier else "warning",
                                f"{name} {'has its link again' if is_now.carrier else 'lost its link (no carrier)'}"))
        for addresses, word in ((set(is_now.addresses) - set(was.addresses), "got"),
                                (set(was.addresses) - set(is_now.addresses), "lost")):
            found += [Change(now, name, "info", f"{name} {word} address {told(*pair)}") for pair in sorted(addresses)]
    return found


def told(address: bytes, prefix: int) -> str:
    """192.0.2.1/24."""
    import ipaddress

    return f"{ipaddress.ip_address(address)}/{prefix}"
