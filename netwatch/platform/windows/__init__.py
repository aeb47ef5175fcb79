"""Windows: owners, routes and neighbours by the IP Helper library, counters by psutil."""

from __future__ import annotations

from netwatch.model.machine import Counters, Link, Neighbour, Route, Status
from netwatch.platform import psutils
from netwatch.platform.base import NoTcpInfo, Socket
from netwatch.platform.polled import merged, polled_owners
from netwatch.platform.watch import Watch
from netwatch.platform.windows import iphelper


class Windows(NoTcpInfo):
    name = "windows"

    def owners(self) -> Watch:
        return polled_owners("iphelper", self.sockets, psutils.addresses)

    def sockets(self) -> list[Socket]:
        return merged(iphelper.sockets())

    def counters(self) -> list[Counters]:
        return psutils.counters()

    def links(self) -> list[Link]:
        return psutils.links()

    def routes(self) -> list[Route]:
        return iphelper.routes()

    def neighbours(self) -> list[Neighbour]:
        return iphelper.neighbours()

    def addresses(self) -> frozenset[bytes]:
        return psutils.addresses()

    def capabilities(self) -> list[Status]:
        return [Status("iphelper", True, "owners of all sockets are told without privileges; their paths are not")]
