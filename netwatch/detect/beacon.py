"""Beacons: a host begins connections to one place outside at regular times, jitter and all, for a dozen times or more.

What asks the time or names is regular by trade and is passed over, so are datagrams that keep a telephone's
registration, a tunnel or a hole in a NAT open, and what stays within one's own networks. Who looks after many places in
one rhythm, as a monitor does, is told once. Programs that look for news of theirs are regular as well: `allow` names
where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import INSIDE, STEADY, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, Gathered, Own
from netwatch.model.option import Option

PLACES = 2048  # remembered
BY_TRADE = (53, 123, 853, 5353)  # ports: DNS, NTP, DNS over TLS, mDNS
KEPT_OPEN = (500, 3478, 4500, 5060, 5061, 51820)  # of UDP: IKE, STUN, IPsec behind NAT, SIP, WireGuard
RHYTHMS = 8  # of a host at a port
SAME = 0.05  # share that the gaps of two places of one rhythm differ by, at most
Place = tuple[bytes, bytes, int, str]  # from, to, port, protocol


@dataclass(slots=True)
class Rhythm(Gathered):
    """Of the first place that a host visits so, and how many places there are. Seconds."""

    place: Place = (b"", b"", 0, "")
    middle: float = 0.0
    off: float = 0.0
    places: int = 1


class Beacon(Detector):
    name = "beacon"
    about = "Tell of hosts that connect to one place outside at regular times."
    options = (
        Option("least_s", 5, "Seconds between connections, at least.", 1, 3600),
        Option("most_s", 7200, "Seconds between connections, at most.", 1, 86400),
        Option("spread", 20, "How far half of the gaps may be from their median, in percent of it.", 1, 50),
    )
    wants = frozenset({STEADY, INSIDE})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._own = Own()
        self._places: Bounded[Place, Rhythm] = Bounded(PLACES)
        self._rhythms: Bounded[tuple[bytes, int, str], list[Rhythm]] = Bounded(PLACES)
        return super().begin(of, alarm)

    def take(self, notice: Notice) -> None:
        if notice.kind == INSIDE:
            self._own.take(notice)
            return
        said, first, last, count, middle, off, flows, frames = notice.more
        if (notice.src not in self._own or notice.dst in self._own or notice.dst in self.allowed
                or notice.src in self.allowed or notice.proto not in ("tcp", "udp") or notice.dport in BY_TRADE
                or (notice.proto == "udp" and notice.dport in KEPT_OPEN)):
            return
        place = (notice.src, notice.dst, notice.dport, notice.proto)
        known = self._places.get(place)
        if known is not None and said:
            if known.place == place:
                known.last, known.count, known.middle, known.off = last, count, middle, off
            return
        alike = self._rhythms.setdefault((notice.src, notice.dport, notice.proto), [])
        for one in alike:
            if one.place != place and abs(one.middle - middle) <= SAME * one.middle:
                one.places += one is not known
                self._places[place] = one
                return
        episode = self._places[place] = Rhythm(first, last, count, flows, frames, place, middle, off)
        del alike[:-RHYTHMS + 1]
        alike.append(episode)
        self.alarm(self, notice, None, episode)

    def describe(self, about: None, episode: Rhythm) -> Told:
        src, dst, port, proto = episode.place
        here, there = text_of(src), text_of(dst)
        others = f", and {episode.places - 1} other places in the same rhythm" if episode.places > 1 else ""
        return Told(WARNING, "Beacon", f"{here} connected to {there} port {port} {episode.count} times, every "
                    f"{episode.middle:.1f} s, half of them within {episode.off:.1f} s of that{others}",
                    {"connections": episode.count, "median_gap_s": episode.middle, "median_deviation_s": episode.off,
                     "protocol": proto, "places": episode.places},
                    {"src": here, "dst": there, "dport": port})
