"""What came in the last minute, hour or day: counts and rates by the second, exact, on packet time.

A live source is told up to the last second that is over; a file up to its last frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from netwatch._fast.view import tallies

RANGES: dict[str, int] = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "session": 0}
MOST = 86_400  # seconds kept
POINTS = 360  # of a graph, at most
TENS = 10  # seconds of a bucket beyond the last hour
FINE = 3600

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
    session_s: int
    here: bool

    @property
    def seconds(self) -> int:
        """Those the range really covers: fewer than asked for in a young session."""
        return max(1, self.end - self.start)

    @property
    def since_ns(self) -> int:
        """When the range begins, 0 for the whole session."""
        return self.start * 1_000_000_000 if self.start > self.end - self.session_s else 0


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

    def answer(self, session: Any) -> Past:
        with session.lock:
            return past_of(session, self.range)


def past_of(session: Any, name: str) -> Past:
    """The caller holds session.lock. KeyError for a range that is none of RANGES."""
    keeper = session.keepers["past"]
    history = keeper.history
    session.engine.tell()
    total = history.totals()
    first, now = history.first, history.second
    here = keeper.knows_here and total["here_in"] + total["here_out"] > 0
    asked = RANGES[name]
    if not first:
        return Past(name, 0, 0, 1, dict.fromkeys(("down", "up", *total), ()), _named(total, here), _named(total, here),
                    0, here)
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
    return Past(name, start, end, step, rates, _named(counts, here), _named(total, here), age, here)


def _named(counts: dict[str, Any], here: bool) -> dict[str, Any]:
    """With `down` and `up`, by what is known."""
    return counts | ({"down": counts["here_in"], "up": counts["here_out"]} if here else
                     {"down": counts["back"], "up": counts["forth"]})


def rows_of(session: Any, where: Any, ended: bool = True) -> list[int] | None:
    """The rows of the flows that pass a filter; None, for all of them, without one. The caller holds session.lock."""
    if where is None:
        return None
    rows: list[int] = session.view.rows(where, None, False, 0, None, ended)[0]
    return rows


def dns_of(session: Any, past: Past) -> DnsTime:
    """How fast DNS was in the range. The caller holds session.lock."""
    on, timed, kept = tallies.dns_state(session.engine)
    times = tallies.dns_times(session.engine, past.since_ns)
    return DnsTime(median(times) / 1000 if times else None, len(times), timed > kept and len(times) == kept, not on)
