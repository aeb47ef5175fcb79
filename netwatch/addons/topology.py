"""Who is at the ends of the flows: this machine, the local network, its gateways, the world. Nothing is sent for it.

Live, this machine is known by its addresses. A capture file may be from anywhere: no host of it is called this one.
"""

from __future__ import annotations

import ipaddress
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch.addons.hosts import hosts_of
from netwatch.addons.thens import Thens
from netwatch.addons.throughput import Throughput
from netwatch.model.contract import Addon
from netwatch.model.host import Unavailable
from netwatch.model.record import Record
from netwatch.names.addon import Names
from netwatch.names.scopes import REMOTE, scope_of

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Session

GATHERED = 400  # hosts looked at closely, those of most bytes
GROUPS = ("multicast", "broadcast", "unspecified")   # nobody in particular
INITIAL_TTLS = (64, 128, 255)  # with which systems begin: RFC 1700 and Linux, Windows, routers
FAR = 40  # routers; more lie between no two hosts


@dataclass(frozen=True)
class Peer:
    """A host. `place`: "self", "lan", "gateway", "internet", "group" of many or none; bytes as it sent and got them.
    `rtt_us`: mean round trip of `rtt_n` handshakes as far as they were measured towards it, None where none was."""

    address: str
    place: str
    scope: str
    name: str
    detail: str  # maker, or who says that it is a gateway
    bytes_out: int
    bytes_in: int
    bytes_own: int  # to itself: in both of these
    flows: int
    live: int
    rtt_us: float | None
    resent: int
    tcp_packets: int
    last_ns: int
    ttls: tuple[int, int] = (0, 0)  # least and most that its packets came with, of the first of each flow; 0 none

    @property
    def hops(self) -> tuple[int, int] | None:
        """Least and most routers that its packets passed on their way to where they were captured, None unknown: they
        began, it is supposed, with the least usual TTL that is not below what came. A TTL that is far below any says
        that it was chosen, as multicast and traceroute do."""
        known = [min(begun - ttl for begun in INITIAL_TTLS if begun >= ttl) for ttl in set(self.ttls) if ttl]
        told = [each for each in known if each <= FAR]
        return (min(told), max(told)) if told and self.place not in ("self", "group") else None

    @property
    def bytes(self) -> int:
        """What passed by with it at an end; what it sent to itself passed once."""
        return self.bytes_out + self.bytes_in - self.bytes_own


@dataclass(frozen=True)
class PeersNow:
    """`peers` largest first; `hosts` how many there are in all; `unplaced`: flows for whose hosts there was no room;
    `interfaces` of the source."""

    peers: tuple[Peer, ...]
    hosts: int
    unplaced: int
    interfaces: tuple[str, ...]
    now_ns: int


@dataclass(frozen=True)
class Peers:
    """All hosts of the flows that pass `where` (a Filter or None), those that have ended included."""

    where: Filter | None = None

    def answer(self, session: Session) -> PeersNow:
        own = {str(ipaddress.ip_address(raw)) for raw in session.get(Throughput).here}
        routed = session.get(TopologyAddon).gateways(session) if session.live else {}
        found, total, unplaced = session.look(hosts_of(session.view, self.where, GATHERED))
        with session.lock:
            learnt = set(session.get(Names).neighbours.gateways())
            now = session.engine.clock
            peers = [_peer(session, each, own, routed, learnt, now) for each in found]
            interfaces = tuple(str(each.get("name") or "") for each in session.source.interfaces)
        seen = {peer.address for peer in peers}
        peers += [Peer(address, "gateway", scope_of(address) or "", "", detail, 0, 0, 0, 0, 0, None, 0, 0, 0)
                  for address, detail in routed.items() if address not in seen]
        return PeersNow(tuple(peers), total, unplaced, interfaces, now)



def _peer(session: Session, group: Record, own: set[str], routed: dict[str, str], learnt: set[str],
          now: int) -> Peer:
    address = group["address"]
    scope = scope_of(address) or ""
    about = session.get(Names).neighbours.describe(address, now)
    place, detail = "internet" if scope in REMOTE else "lan", about.get("vendor", "")
    if address in own:
        place = "self"
    elif address in routed or address in learnt:
        place, detail = "gateway", routed.get(address, "said to be a router on the wire")
    elif scope in GROUPS:
        place, detail = "group", scope
    name = session.get(Names).called(address, now) if place != "self" else ""
    # of flows that it began, the handshake ran from here to it only if the other end is here
    rtt = group["rtt_answered_us"] if group["rtt_answered_us"] is not None else group["rtt_begun_us"] if own else None
    return Peer(address, place, scope, name, detail, group["bytes_out"], group["bytes_in"],
                group.get("bytes_own", 0), group["flows"], group["live"], None if place == "self" else rtt,
                group["resent"], group["tcp_packets"], group["last_ns"], group["ttls"])


class TopologyAddon(Addon):
    """Tells the hosts of the flows, and where they are."""

    name = "topology"
    questions = (Peers,)

    def __init__(self) -> None:
        self._routed: dict[str, str] = {}  # as it was told last
        self._thens: Thens[dict[str, str]] = Thens()
        self._past = False

    def gateways(self, session: Session) -> dict[str, str]:
        """Of the default routes of this machine: address and what says so."""
        if not self._past:
            try:
                routes = session.host.routes()
            except Unavailable:
                routes = []
            self._routed = {str(ipaddress.ip_address(route.gateway)): f"default route of {route.interface}"
                            for route in routes if route.prefix == 0 and route.gateway}
        return self._routed

    def put_down(self, ns: int) -> None:
        """See Addon."""
        self._thens.put(ns, self._routed)

    def as_of(self, ns: int) -> TopologyAddon:
        """See Addon: with the routes that were told then."""
        then = copy(self)
        then._routed, then._past = self._thens.at(ns) or {}, True
        return then
