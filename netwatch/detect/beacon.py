"""Beacons: a host begins connections to one place outside at regular times, jitter and all, for a dozen times or more.

What asks the time or names is regular by trade and is passed over; so is what stays within one's own networks. Programs
that look for news of theirs are regular as well: `allow` names where.
"""

from __future__ import annotations

from collections.abc import Sequence

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import STEADY, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.gather import Bounded, Gathered, is_near
from netwatch.model.option import Option

PLACES = 2048  # remembered
BY_TRADE = (53, 123, 853, 5353)  # ports: DNS, NTP, DNS over TLS, mDNS
Place = tuple[bytes, bytes, int, str]  # from, to, port, protocol


class Beacon(Detector):
    name = "beacon"
    about = "Tell of hosts that connect to one place outside at regular times."
    options = (
        Option("least_s", 5, "Seconds between connections, at least.", 1, 3600),
        Option("most_s", 7200, "Seconds between connections, at most.", 1, 86400),
        Option("spread", 20, "How far half of the gaps may be from their median, in percent of it.", 1, 50),
    )
    wants = frozenset({STEADY})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._places: Bounded[Place, tuple[Gathered, list[float]]] = Bounded(PLACES)
        return super().begin(of, alarm)

    def take(self, notice: Notice) -> None:
        said, first, last, count, middle, off, flows, frames = notice.more
        if (not is_near(notice.src) or is_near(notice.dst) or notice.dport in BY_TRADE or notice.dst in self.allowed
                or notice.src in self.allowed or notice.proto not in ("tcp", "udp")):
            return
        place = (notice.src, notice.dst, notice.dport, notice.proto)
        known = self._places.get(place)
        if known is not None and said:
            known[0].last, known[0].count, known[1][:] = last, count, [middle, off]
            return
        episode = Gathered(first, last, count, flows, frames)
        self._places[place] = episode, [middle, off]
        self.alarm(self, notice, (place, self._places[place][1]), episode)

    def describe(self, about: tuple[Place, list[float]], episode: Gathered) -> Told:
        (src, dst, port, proto), (middle, off) = about
        here, there = text_of(src), text_of(dst)
        return Told(WARNING, "Beacon", f"{here} connected to {there} port {port} {episode.count} times, every "
                    f"{middle:.1f} s, half of them within {off:.1f} s of that",
                    {"connections": episode.count, "median_gap_s": middle, "median_deviation_s": off,
                     "protocol": proto},
                    {"src": here, "dst": there, "dport": port})
