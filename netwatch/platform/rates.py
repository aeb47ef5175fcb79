"""Rates of interfaces: the difference of two readings of the counters, over the time between them.

A counter that went back (an interface made anew, a 32-bit counter that wrapped) gives no rate for that once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from netwatch.platform.base import Counters


@dataclass(frozen=True, slots=True)
class Rate:
    """Per second, over `seconds`. Of errors and drops the number in that time, not a rate."""

    seconds: float
    rx_bytes_s: float
    tx_bytes_s: float
    rx_packets_s: float
    tx_packets_s: float
    errors: int
    drops: int


class Rates:
    """Remembers the last reading. `read` is the platform's counters()."""

    def __init__(self, read: Callable[[], list[Counters]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._at = 0.0
        self._last: dict[str, Counters] = {}

    def read(self) -> list[tuple[Counters, Rate | None]]:
        """Every interface and its rates since the call before; None at its first reading. Raises Unavailable."""
        found = self._read()
        now = self._clock()
        told = [(new, _between(self._last.get(new.name), new, now - self._at)) for new in found]
        self._at, self._last = now, {new.name: new for new in found}
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
