"""A system that nobody has taught netwatch: what psutil can tell, and reasons for the rest."""

from __future__ import annotations

import sys

from netwatch.model.host import Unavailable
from netwatch.model.machine import Counters, Link, Neighbour, Route, Status
from netwatch.platform import psutils
from netwatch.platform.base import NoTcpInfo, Socket
from netwatch.platform.polled import polled_owners
from netwatch.platform.watch import Watch


class Generic(NoTcpInfo):
    name = sys.platform

    def owners(self) -> Watch:
        return polled_owners("psutil", self.sockets, psutils.addresses)

    def sockets(self) -> list[Socket]:
        return psutils.sockets()

    def counters(self) -> list[Counters]:
        return psutils.counters()

    def links(self) -> list[Link]:
        return psutils.links()

    def routes(self) -> list[Route]:
        raise Unavailable(f"the routes of {sys.platform} cannot be read")

    def neighbours(self) -> list[Neighbour]:
        raise Unavailable(f"the neighbours of {sys.platform} cannot be read")

    def addresses(self) -> frozenset[bytes]:
        return psutils.addresses()

    def capabilities(self) -> list[Status]:
        return []
