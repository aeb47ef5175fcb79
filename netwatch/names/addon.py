"""All that is known of a flow's ends beside the flow itself.

Name, service, scope, neighbours, place: learnt from the wire or looked up in local tables. Only `reverse`, when it is
given, sends packets.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch._fast.out.enrich import Adorner
from netwatch._fast.out.naming import NameTable
from netwatch._fast.out.rawflow import RawFlow
from netwatch.model.contract import Addon, Store
from netwatch.model.event import Event, FlowRef, Step
from netwatch.model.option import Option
from netwatch.model.record import Record
from netwatch.names import scopes
from netwatch.names.geo import Geo
from netwatch.names.neighbours import MAX_STATIONS, Neighbours
from netwatch.names.ports import Services

if TYPE_CHECKING:
    from netwatch.model.contract import Run
    from netwatch.names.reverse import Reverse

RESOLVER_WAIT = 2.0  # seconds a record that is made once and for all waits for the resolver
IS_NEAR, HAS_NO_NAME = 1, 2    # what Adorner.adorn leaves to do
ENDS, STATION, PLACE = ("src", "dst"), ("mac", "vendor", "host", "role"), ("country", "city", "asn", "org")
STATION_FIELDS = tuple(f"lan.{end}.{part}" for end in ENDS for part in STATION)


class Names(Addon):
    """Knows names, services, scopes, neighbours and places of addresses, from the wire and from tables."""

    name = "names"
    options = (Option("resolve", False, "Ask the system's resolver for names of addresses; it sends packets."),)
    wants = frozenset({"names", "links"})
    adds = frozenset({"name", "service", "scope", "lan", "geo"})
    needs = frozenset({"tls", "quic", "http"})  # they may say the name themselves
    blocks, remote = scopes.BLOCKS, scopes.REMOTE
    station_fields, place_fields = STATION_FIELDS, tuple(f"geo.{part}" for part in PLACE)

    def __init__(self, reverse: Reverse | None = None, wait: float = 0.0, services: Services | None = None,
                 geo: Geo | None = None) -> None:
        """`wait`: seconds a record may wait for the resolver's answer."""
        self.table = NameTable()
        self.neighbours = Neighbours()
        self.services = services or Services()
        self.geo = geo if geo is not None else Geo()
        self.reverse = reverse
        self._wait = wait
        self._placed = bool(self.geo)
        self._adorner = Adorner(self.table, scopes.BLOCKS, self.services.ports, scopes.REMOTE,
                                self.neighbours.stations)

    def begin(self, run: Run) -> None:
        if self.reverse is None and run.settings.of("names.resolve"):
            from netwatch.names.reverse import Reverse

            self.reverse = Reverse()
            self._wait = RESOLVER_WAIT if run.purpose.final else 0.0

    def take(self, step: Step) -> Sequence[Event]:
        """Learn from a chunk's events; nothing further comes of them."""
        for event in step.events:
            if event.kind == "names":
                self.table.learn(event.time_ns, event.payload)
            else:
                self.neighbours.learn(event.time_ns, event.payload)
        return ()

    def adorn(self, record: Record, flow: FlowRef) -> None:
        """Add what is known to a flow record."""
        engine, row, _ = flow
        raw = RawFlow(engine, row)
        left = self._adorner.adorn(record, raw)
        if left & IS_NEAR:
            found = self.neighbours.ends(text_of(raw.src), text_of(raw.dst), raw.last)
            if found:
                record["lan"] = found
        if left & HAS_NO_NAME and self.reverse is not None:
            host = self.reverse.name(text_of(raw.dst), self._wait)
            if host is not None:
                record["name"] = {"host": host, "via": "ptr"}
        if self._placed:
            remote = self._adorner.remote_end(raw)
            place = self.geo.find(remote) if remote is not None else None
            if place:
                record["geo"] = place

    # what filters, orders and groups know of it, by row of a flow: see _fast/view/hosts and derived

    def resolved(self) -> list[tuple[bytes, str]]:
        """What the resolver has answered since the last time: packed addresses and their names."""
        return self.reverse.came() if self.reverse is not None else []

    def place_values(self, address: str) -> tuple[object, ...] | None:
        """The values of PLACE for an address."""
        place = self.geo.find(address)
        return tuple(map(place.get, PLACE)) if place else None

    def station_values(self, src: str, dst: str, when: int) -> tuple[tuple[str | None, ...] | None, int]:
        """(values of STATION_FIELDS, from when on they hold) for two ends at that time, ns."""
        return self.neighbours.about(src, dst, when, STATION)

    def called(self, address: str, when: int) -> str:
        """What an address, apart from any flow, is called at a time, ns: as its station names itself, else "~" and the
        newest name that answers gave it. A flow's own name is what the flow says. "" where nothing is known."""
        own = self.neighbours.describe(address, when).get("host")
        known = None if own else self.table.find(address, address, when)
        return own or (f"~{known[0]}" if known else "")

    @property
    def placed(self) -> bool:
        """Is there a database of places?"""
        return self._placed

    def missing(self, fields: Iterable[str]) -> Sequence[str]:
        from netwatch.names.vendors import table

        asked = set(fields)
        whys = [self.geo.missing] if any(name.startswith("geo.") for name in asked) else []
        whys += [table().missing] if any(name.endswith(".vendor") for name in asked) else []
        return [why for why in whys if why is not None]

    def credits(self) -> Sequence[str]:
        said = self.geo.attribution()
        return (said,) if said else ()

    def stores(self) -> Sequence[Store]:
        return (Store("names of addresses", self.table.held, self.table.bound, None, self.table.forgotten),
                Store("stations of the LAN", len(self.neighbours.stations), MAX_STATIONS, None,
                      self.neighbours.forgotten))

    def close(self) -> None:
        """Look up nothing more."""
        if self.reverse is not None:
            self.reverse.close()
