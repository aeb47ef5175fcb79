"""Routers that were not there before: a station advertises itself as one (RFC 4861) beside those that are known.

Those of the first minutes are taken to be the network's own, and those of a list.
"""

from __future__ import annotations

from collections.abc import Sequence

from netwatch._fast.out.addresses import packed_of
from netwatch.detect.contract import ROUTER, SECOND, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, Gathered, begun
from netwatch.model.option import Option

ROUTERS = 1024  # remembered


class RogueRouter(Detector):
    name = "rogue_router"
    about = "Tell of IPv6 routers that begin to advertise themselves beside those that are known."
    options = (Option("learn_s", 600, "Seconds from the first advertisement in which routers are taken to be known.", 0,
                      86400),)
    wants = frozenset({ROUTER})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._routers: Bounded[str, Gathered] = Bounded(ROUTERS)
        self._learn, self._since = of("learn_s") * SECOND, 0
        return super().begin(of, alarm)

    def take(self, notice: Notice) -> None:
        _, _, address, mac = notice.more
        self._since = self._since or notice.time_ns
        known = self._routers.get(address)
        if known is not None:
            known.add(notice)
            return
        self._routers[address] = episode = begun(notice)
        if notice.time_ns > self._since + self._learn and packed_of(address) not in self.allowed:
            self.alarm(self, notice, (address, mac or ""), episode)

    def describe(self, about: tuple[str, str], episode: Gathered) -> Told:
        address, mac = about
        who = f"{address} ({mac})" if mac else address
        return Told(WARNING, "New router", f"{who} advertises itself as a router, which it did not before",
                    {"advertisements": episode.count} | ({"mac": mac} if mac else {}),
                    {"src": address})
