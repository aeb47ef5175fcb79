"""ARP and neighbour spoofing: two stations say that an address is theirs, one after the other and back again.

An address that moves once is a machine that was replaced. Addresses that routers share (VRRP, HSRP, GLBP) move between
MACs of theirs, and are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netwatch._fast.out.addresses import packed_of
from netwatch.detect.contract import CRITICAL, LINK, SECOND, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, Gathered
from netwatch.model.option import Option

ADDRESSES = 8192  # remembered
SHARED = ("00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f", "00:05:73:a0:", "00:07:b4:")
Owner = tuple[int, str, bool]  # of an address that one MAC has claimed: since when (ns), it, whether it is a router


@dataclass(slots=True)
class Claim(Gathered):
    """Who says that an address is theirs: the MAC, the one before, how often it went from one to another. `said`: an
    alert was made of it."""

    mac: str = ""
    before: str = ""
    changes: int = 0
    router: bool = False
    said: bool = False


class ArpSpoof(Detector):
    name = "arp_spoof"
    about = "Tell of addresses that two MACs claim in turn, by ARP or neighbour discovery."
    options = (
        Option("window_s", 300, "Seconds within which the address goes there and back.", 1, 86400),
        Option("changes", 3, "Times that it goes from one MAC to another.", 2, 1000),
    )
    wants = frozenset({LINK})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._owners: Bounded[str, Owner] = Bounded(ADDRESSES)
        self._claims: Bounded[str, Claim] = Bounded(ADDRESSES)
        self._window, self._least = of("window_s") * SECOND, of("changes")
        return super().begin(of, alarm)

    def take(self, notice: Notice) -> None:
        source, role, address, mac = notice.more
        if source not in ("arp", "ndp") or address is None or address in ("0.0.0.0", "::"):
            return
        claim = self._claims.get(address)
        if claim is None:
            since, owner, router = self._owners.setdefault(address, (notice.time_ns, mac, role == "router"))
            if owner == mac:  # as with nearly all
                if role == "router" and not router:
                    self._owners[address] = (since, owner, True)
                return
            claim = self._claims[address] = Claim(since, since, mac=owner, router=router)
        claim.router = claim.router or role == "router"
        if claim.mac == mac or mac.startswith(SHARED) or claim.mac.startswith(SHARED):
            return
        if claim.changes and notice.time_ns > claim.last + self._window and not claim.said:
            claim.changes, claim.count, claim.first, claim.flows, claim.frames = 0, 0, notice.time_ns, [], []
        claim.before, claim.mac = claim.mac, mac
        claim.changes += 1
        claim.add(notice)
        if claim.changes >= self._least and not claim.said and packed_of(address) not in self.allowed:
            claim.said = True
            self.alarm(self, notice, address, claim)

    def describe(self, about: str, episode: Claim) -> Told:
        macs = sorted((episode.before, episode.mac))
        return Told(CRITICAL if episode.router else WARNING, "Address claimed by two stations",
                    f"{about} is claimed by {macs[0]} and {macs[1]} in turn, {episode.changes} changes",
                    {"address": about, "macs": macs, "changes": episode.changes}, {"src": about})
