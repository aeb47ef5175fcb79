"""macOS: owners by lsof. PKTAP, which names the process in every packet, is said to be there but belongs to capture."""

from __future__ import annotations

from netwatch.model.machine import Status
from netwatch.platform import psutils
from netwatch.platform.base import Socket
from netwatch.platform.bsd import Bsd
from netwatch.platform.macos import lsof
from netwatch.platform.polled import merged, output_of, polled_owners
from netwatch.platform.watch import Watch


class MacOS(Bsd):
    name = "macos"

    def owners(self) -> Watch:
        return polled_owners("lsof", self.sockets, psutils.addresses)

    def sockets(self) -> list[Socket]:
        """-n and -P: no look-ups of names; -w: no warnings."""
        return merged(lsof.parse(output_of("lsof", "-nPw", "-iTCP", "-iUDP", "-FpPnT")))

    def capabilities(self) -> list[Status]:
        return [*super().capabilities(), Status(
            "pktap", False, "packets are not captured from a pktap interface, so none names its process")]
