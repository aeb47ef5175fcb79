"""What macOS and FreeBSD have in common: interfaces, routes and neighbours by the system's own tools."""

from __future__ import annotations

import os

from netwatch.model.host import Unavailable
from netwatch.model.machine import Counters, Link, Neighbour, Route, Status
from netwatch.platform import bsdtext, psutils
from netwatch.platform.base import NoTcpInfo
from netwatch.platform.polled import output_of


class Bsd(NoTcpInfo):
    """The shared half of the two platforms."""

    def counters(self) -> list[Counters]:
        return bsdtext.interfaces(output_of("netstat", "-ibn"))

    def links(self) -> list[Link]:
        return psutils.links()

    def routes(self) -> list[Route]:
        return bsdtext.routes(output_of("netstat", "-rn"))

    def neighbours(self) -> list[Neighbour]:
        try:
            six = output_of("ndp", "-an")
        except Unavailable:
            six = ""
        return bsdtext.neighbours(output_of("arp", "-an"), six)

    def addresses(self) -> frozenset[bytes]:
        return psutils.addresses()

    def capabilities(self) -> list[Status]:
        root = os.geteuid() == 0
        return [Status("root", root, "" if root else "without it only one's own processes are seen",
                       "" if root else "run it with sudo")]
