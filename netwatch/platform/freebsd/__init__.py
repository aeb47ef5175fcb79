"""FreeBSD: owners by sockstat."""

from __future__ import annotations

from netwatch.platform import psutils
from netwatch.platform.base import Socket
from netwatch.platform.bsd import Bsd
from netwatch.platform.freebsd import sockstat
from netwatch.platform.polled import merged, output_of, polled_owners
from netwatch.platform.watch import Watch


class FreeBSD(Bsd):
    name = "freebsd"

    def owners(self) -> Watch:
        return polled_owners("sockstat", self.sockets, psutils.addresses)

    def sockets(self) -> list[Socket]:
        """-w: addresses in full."""
        return merged(sockstat.parse(output_of("sockstat", "-46sw")))
