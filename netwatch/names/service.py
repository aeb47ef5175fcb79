"""All that is known of a flow's ends beside the flow itself, as one service of the pipeline.

Name, service, scope, neighbours, place: learnt from the wire or looked up in local tables. Only `reverse`, when it is
given, sends packets.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netwatch._fast.adorn import Adorner
from netwatch._fast.naming import NameTable
from netwatch.names import scopes
from netwatch.names.geo import Geo
from netwatch.names.neighbours import Neighbours
from netwatch.names.reverse import Reverse
from netwatch.names.services import Services

Record = dict[str, Any]
IS_NEAR, HAS_NO_NAME = 1, 2    # what Adorner.adorn leaves to do


class Names:
    """Sees names and links on the wire, and adorns flow records with `name`, `service`, `scope`, `lan`, `geo`."""

    wants = frozenset({"names", "links"})

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

    def take(self, events: Iterable[Any]) -> list[Any]:
        """Learn from a chunk's events; nothing further comes of them."""
        for event in events:
            if event.kind == "names":
                self.table.learn(event.time_ns, event.payload)
            else:
                self.neighbours.learn(event.time_ns, event.payload)
        return []

    def adorn(self, record: Record) -> None:
        """Add what is known to a flow record."""
        if not record:
            return
        left = self._adorner.adorn(record)
        if left & IS_NEAR:
            self.neighbours.adorn(record)
        if left & HAS_NO_NAME and self.reverse is not None:
            host = self.reverse.name(record["dst"], self._wait)
            if host is not None:
                record["name"] = {"host": host, "via": "ptr"}
        if self._placed:
            remote = self._adorner.remote_end(record["src"], record["dst"])
            place = self.geo.find(remote) if remote is not None else None
            if place:
                record["geo"] = place

    def missing(self) -> list[str]:
        """What cannot be told on this machine, and what to do about it; one line each."""
        from netwatch.names.vendors import table

        return [why for why in (self.geo.missing, table().missing) if why is not None]

    def close(self) -> None:
        """The input is over: look up nothing more."""
        if self.reverse is not None:
            self.reverse.close()
