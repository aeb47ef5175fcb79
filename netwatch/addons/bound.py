"""What listens or is bound on this machine, whose it is, and the flows that came to it."""

from __future__ import annotations

import ipaddress
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import GroupList
from netwatch.addons.throughput import Throughput
from netwatch.model.contract import Addon
from netwatch.model.group import By, GroupKey, Within
from netwatch.model.host import Unavailable

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Session
    from netwatch.model.machine import BoundSocket, Process
    from netwatch.model.record import Record

    Counted = Mapping[tuple[By, ...], Mapping[tuple[GroupKey, ...], Record]]

MOST = 10_000  # ports of programs at which flows are counted
PORT = (By(("process.name",)), By(("dport",)), By(("proto",)))
ADDRESS = (*PORT, By(end="dst"))
NAMES = {6: "tcp", 17: "udp"}


@dataclass(frozen=True)
class Port:
    """A socket. `address` is "" for all of the machine's; `flows` came to it, and are live, with their `rate` (bytes/s)
    and `bytes` of frames; `within`: exactly those."""

    proto: str
    address: str
    port: int
    listening: bool
    process: Process
    others: tuple[int, ...]
    method: str
    within: Within
    flows: int = 0
    rate: float = 0.0
    bytes: int = 0

    @property
    def here_only(self) -> bool:
        """Can nobody but this machine reach it?"""
        return bool(self.address) and ipaddress.ip_address(self.address).is_loopback


@dataclass(frozen=True)
class Bound:
    """`why`: why nothing is known, "" when it is."""

    ports: tuple[Port, ...]
    why: str = ""


@dataclass(frozen=True)
class BoundSockets:
    """The sockets of this machine that take what comes from anybody, by port; `where` restricts the flows counted."""

    where: Filter | None = None

    def answer(self, session: Session) -> Bound:
        if not session.live:
            return Bound((), "a capture file carries no sockets")
        try:
            there = session.host.bound_sockets()
        except Unavailable as e:
            return Bound((), str(e))
        counted: Counted = {by: session.look(self._counted(session, by))
                            for by in {ADDRESS if each.address else PORT for each in there}}
        found: dict[tuple[str, str, int, int], Port] = {}
        for port in (_port(each, counted) for each in there):
            found.setdefault((port.proto, port.address, port.port, port.process.pid), port)
        return Bound(tuple(found.values()))

    def _counted(self, session: Session,
                 by: tuple[By, ...]) -> Generator[bool, None, dict[tuple[GroupKey, ...], Record]]:
        """What live flows that came to this machine add up to."""
        selected = yield from session.view.select(self.where, None, False, False,
                                                  {name for each in by for name in each.looked_at})
        groups = GroupList(selected, [GroupBy(selected.view, *each) for each in by], session.get(Throughput).history,
                           came_here=True)
        found = yield from groups.largest(MOST)
        return dict(found)


def _port(socket: BoundSocket, counted: Counted) -> Port:
    proto, process = NAMES.get(socket.proto, str(socket.proto)), socket.process
    key: tuple[GroupKey, ...] = ("process.name", process.name), ("dport", socket.port), ("proto", proto)
    address = str(ipaddress.ip_address(socket.address)) if socket.address else ""
    by = ADDRESS if address else PORT
    key += (("address", address),) if address else ()
    sums = counted[by].get(key, {})
    return Port(proto, address, socket.port, socket.listening, process, socket.others, socket.method,
                Within(by, key, f"{process.name} at {proto} port {socket.port}", ended=False, came_here=True),
                sums.get("flows", 0), sums.get("rate_in", 0.0) + sums.get("rate_out", 0.0),
                sums.get("bytes_in", 0) + sums.get("bytes_out", 0))


class BoundAddon(Addon):
    """Tells of sockets that wait for others."""

    name = "bound"
    questions = (BoundSockets,)
