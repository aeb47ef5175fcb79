"""The stations of the local network, learnt passively: an address's MAC, maker and role, and the name it gives itself.

From ARP, NDP, DHCP and NetBIOS sightings (_fast/proto/sighting.pxd); nothing is ever sent. Stations can lie: this is
what they say. A flow is given what was said until its last frame, so that what came later changes no record.
"""
from __future__ import annotations

from bisect import bisect_right, insort
from collections import OrderedDict
from typing import Any

from netwatch._fast.out.addresses import text_of
from netwatch._fast.out.naming import link_sighting
from netwatch.names.vendors import vendor_of

MAX_STATIONS = 16_384          # addresses, and as many MACs' names
MAC = 6                        # bytes of such an address
MAX_MACS = 8                   # of one address, newest kept


class Station:
    """What is known of one address. Times are packet time, ns."""

    __slots__ = ("last", "macs", "roles", "sources")

    def __init__(self) -> None:
        self.macs: list[tuple[int, str]] = []      # (since, MAC), ascending
        self.roles: dict[str, int] = {}            # role → since
        self.sources: set[str] = set()
        self.last = 0

    def mac(self, when: int) -> str | None:
        """Its MAC at that time, as last said until then."""
        at = bisect_right(self.macs, (when, "\uffff"))
        return self.macs[at - 1][1] if at else None

    def role(self, when: int) -> str | None:
        """What it did for others until then; a router is one first."""
        held = [role for role, since in self.roles.items() if since <= when]
        return "router" if "router" in held else held[0] if held else None


class Neighbours:
    """The table, bounded: the address longest not heard of makes room, and is counted."""

    def __init__(self) -> None:
        self.stations: OrderedDict[bytes, Station] = OrderedDict()  # by packed address
        self.hosts: OrderedDict[str, list[tuple[int, str]]] = OrderedDict()     # MAC → names it gave itself
        self.forgotten = 0
        self.changes = 0       # rises with every piece of news

    def learn(self, when: int, payload: bytes) -> None:
        """Remember a "links" event of that time, ns."""
        source, role, address, mac, host = link_sighting(payload)
        if mac is not None and host:
            self._name(when, mac, host)
        if address is None:
            return
        station = self.stations.get(address)
        if station is None:
            station = self.stations[address] = Station()
            if len(self.stations) > MAX_STATIONS:
                self.stations.popitem(last=False)
                self.forgotten += 1
        else:
            self.stations.move_to_end(address)
        station.last = max(station.last, when)
        station.sources.add(source)
        if role is not None:
            self.changes += role not in station.roles
            station.roles.setdefault(role, when)
        if mac is not None and station.mac(when) != mac:
            self.changes += 1
            insort(station.macs, (when, mac))
            del station.macs[:-MAX_MACS]

    def _name(self, when: int, mac: str, host: str) -> None:
        names = self.hosts.setdefault(mac, [])
        self.hosts.move_to_end(mac)
        if not names or names[-1][1] != host:
            self.changes += 1
            insort(names, (when, host))
            del names[:-MAX_MACS]
        if len(self.hosts) > MAX_STATIONS:
            self.hosts.popitem(last=False)

    def host(self, mac: str, when: int) -> str | None:
        """The name that the station of a MAC gave itself (DHCP) until then."""
        names = self.hosts.get(mac, ())
        return next((name for since, name in reversed(names) if since <= when), None)

    def describe(self, address: bytes, when: int) -> dict[str, str]:
        """mac, vendor, host, role of a packed address (or a MAC) at that time (ns); what is not known is left out."""
        station = self.stations.get(address)
        mac = text_of(address) if len(address) == MAC else station.mac(when) if station else None
        found = {"mac": mac, "role": station.role(when) if station else None}
        if mac is not None:
            found |= {"vendor": vendor_of(mac), "host": self.host(mac, when)}
        return {key: value for key, value in found.items() if value is not None}

    def ends(self, src: bytes, dst: bytes, when: int) -> dict[str, dict[str, str]]:
        """What is known at that time of a flow's ends that are neighbours: the `lan` of its record."""
        near = {end: address for end, address in (("src", src), ("dst", dst))
                if address in self.stations or len(address) == MAC}
        return {end: about for end, address in near.items() if (about := self.describe(address, when))}

    def gateways(self) -> list[str]:
        """Addresses that were said to be routers, newest heard last."""
        return [text_of(address) for address, station in self.stations.items() if "router" in station.roles]

    def devices(self) -> list[dict[str, Any]]:
        """All stations: address, mac, vendor, host, role, sources, last (ns)."""
        return [{"address": text_of(address), **self.describe(address, station.last),
                 "sources": sorted(station.sources), "last": station.last}
                for address, station in self.stations.items()]

