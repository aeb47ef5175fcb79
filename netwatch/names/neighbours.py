"""The stations of the local network, learnt passively: an address's MAC, maker and role, and the name it gives itself.

From ARP, NDP, DHCP and NetBIOS sightings (_fast/flow/sighting.pxd); nothing is ever sent. Stations can lie: this is
what they say. A flow is given what was said until its last frame, so that what came later changes no record.
"""
from __future__ import annotations

from bisect import bisect_right, insort
from collections import OrderedDict

from netwatch._fast.out.addresses import packed_of
from netwatch._fast.out.naming import link_sighting
from netwatch.model.record import Record
from netwatch.names.vendors import vendor_of

MAX_STATIONS = 16_384          # addresses, and as many MACs' names
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
        self.stations: OrderedDict[str, Station] = OrderedDict()
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

    def describe(self, address: str, when: int) -> dict[str, str]:
        """mac, vendor, host, role of an address (or of a MAC) at that time; what is not known is left out."""
        station = self.stations.get(address)
        mac = address if is_mac(address) else station.mac(when) if station else None
        found = {"mac": mac, "role": station.role(when) if station else None}
        if mac is not None:
            found |= {"vendor": vendor_of(mac), "host": self.host(mac, when)}
        return {key: value for key, value in found.items() if value is not None}

    def ends(self, src: str, dst: str, when: int) -> dict[str, dict[str, str]]:
        """What is known at that time (ns) of a flow's ends that are neighbours: the `lan` of its record."""
        near = {end: address for end, address in (("src", src), ("dst", dst))
                if address in self.stations or is_mac(address)}
        return {end: about for end, address in near.items() if (about := self.describe(address, when))}

    def addresses(self) -> list[bytes]:
        """The stations' IP addresses, packed."""
        return [packed_of(address) for address in self.stations if not is_mac(address)]

    def about(self, src: str, dst: str, when: int, parts: tuple[str, ...]) -> tuple[tuple[str | None, ...] | None, int]:
        """(parts of describe() of both ends at that time, or None without any; from when on they hold)."""
        about = [self.describe(end, when) if end in self.stations or is_mac(end) else {} for end in (src, dst)]
        found = tuple(each.get(part) for each in about for part in parts)
        return found if any(about) else None, max(self._news(src), self._news(dst))

    def _news(self, address: str) -> int:
        """When the newest was heard of an address, its MACs and their names."""
        station = self.stations.get(address)
        macs = [address] if is_mac(address) else [mac for _, mac in station.macs] if station else []
        times = [since for mac in macs for since, _ in self.hosts.get(mac, ())]
        if station is not None:
            times += [since for since, _ in station.macs] + list(station.roles.values())
        return max(times, default=0)

    def gateways(self) -> list[str]:
        """Addresses that were said to be routers, newest heard last."""
        return [address for address, station in self.stations.items() if "router" in station.roles]

    def devices(self) -> list[Record]:
        """All stations: address, mac, vendor, host, role, sources, last (ns)."""
        return [{"address": address, **self.describe(address, station.last), "sources": sorted(station.sources),
                 "last": station.last} for address, station in self.stations.items()]


def is_mac(address: str) -> bool:
    """A MAC in text has a colon after every second digit; no IPv6 address of that length has six groups."""
    return len(address) == 17 and address[2::3] == ":::::"
