"""What readings of the system's counters of interfaces tell: rates, how much of them is captured, what has changed."""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from netwatch._fast.view.engineview import NOW_SECONDS
from netwatch.model.machine import Counters, Link, Rate

TELLING = 1 << 16  # bytes that an interface must have counted before a share of them tells anything
UP_AGAIN, LINKED_AGAIN = "went up", "has its link again"


class Coverage:
    """How much of what the system counts on an interface is captured. By bytes: where the card or the kernel joins
    packets before they are captured (GRO), their number tells nothing. On a loopback both directions are the same."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[int, int]] = {}  # bytes counted and captured at the first reading
        self._counted: dict[str, int] = {}  # at the last one

    def share(self, counters: Counters, loopback: bool, captured: int) -> float | None:
        """Since the first reading; None while too little has passed by, or where counters began anew."""
        counted = counters.rx_bytes + (0 if loopback else counters.tx_bytes)
        if counted < self._counted.get(counters.name, 0):
            self._begun.pop(counters.name, None)
        self._counted[counters.name] = counted
        first = self._begun.setdefault(counters.name, (counted, captured))
        passed, taken = counted - first[0], captured - first[1]
        # a card may count frames without their headers
        return min(1.0, taken / passed) if passed >= TELLING else None


class Change(NamedTuple):
    """What happened to an interface."""

    time_ns: int
    name: str
    severity: str  # "info" or "warning"
    text: str

    @property
    def came_up(self) -> bool:
        return self.text in (f"{self.name} {UP_AGAIN}", f"{self.name} {LINKED_AGAIN}")


class Reading(NamedTuple):
    """One look at the system; `why`: it does not tell, and the reason. `coverage`: see Interface, by name."""

    rates: tuple[tuple[Counters, Rate | None], ...] = ()
    links: Mapping[str, Link] = MappingProxyType({})
    why: str = ""
    coverage: Mapping[str, float] = MappingProxyType({})


class Rates:
    """Remembers the last readings. `read` is the platform's counters()."""

    def __init__(self, read: Callable[[], list[Counters]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._past: dict[str, deque[tuple[float, Counters]]] = {}  # readings, oldest first

    def read(self) -> list[tuple[Counters, Rate | None, Rate | None]]:
        """Every interface, its rates now, over the last NOW_SECONDS readings as all that is "now", and those since the
        reading before; None at its first one. Raises Unavailable."""
        found, told, kept = self._read(), [], {}
        now = self._clock()
        for new in found:
            past = self._past.get(new.name) or deque(maxlen=NOW_SECONDS)
            since = [_between(old, new, now - at) for at, old in past]
            if since and since[-1] is None:  # its counters began anew
                past.clear()
                since = []
            told.append((new, since[0] if since else None, since[-1] if since else None))
            past.append((now, new))
            kept[new.name] = past
        self._past = kept
        return told


def _between(old: Counters | None, new: Counters, seconds: float) -> Rate | None:
    if old is None or seconds <= 0:
        return None
    rx, tx = new.rx_bytes - old.rx_bytes, new.tx_bytes - old.tx_bytes
    rx_packets, tx_packets = new.rx_packets - old.rx_packets, new.tx_packets - old.tx_packets
    errors = new.rx_errors + new.tx_errors - old.rx_errors - old.tx_errors
    drops = (new.rx_drops or 0) + (new.tx_drops or 0) - (old.rx_drops or 0) - (old.tx_drops or 0)
    if min(rx, tx, rx_packets, tx_packets, errors, drops) < 0:
        return None
    return Rate(seconds, rx / seconds, tx / seconds, rx_packets / seconds, tx_packets / seconds, errors, drops)


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
                                f"{name} {UP_AGAIN if counters.up else 'went down'}"))
        was, is_now = old.links.get(name), new.links.get(name)
        if was is None or is_now is None:
            continue
        known = was.carrier is not None and is_now.carrier is not None
        if counters.up and before[name].up and known and was.carrier != is_now.carrier:
            found.append(Change(now, name, "info" if is_now.carrier else "warning",
                                f"{name} {LINKED_AGAIN if is_now.carrier else 'lost its link (no carrier)'}"))
        for addresses, word in ((set(is_now.addresses) - set(was.addresses), "got"),
                                (set(was.addresses) - set(is_now.addresses), "lost")):
            found += [Change(now, name, "info", f"{name} {word} address {told(*pair)}") for pair in sorted(addresses)]
    return found


def told(address: bytes, prefix: int) -> str:
    """192.0.2.1/24."""
    return f"{ipaddress.ip_address(address)}/{prefix}"
