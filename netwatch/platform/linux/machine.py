"""Linux: eBPF, sock_diag and /proc for owners; rtnetlink for interfaces, routes and neighbours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from netwatch.model.host import Unavailable
from netwatch.model.machine import Counters, Link, Neighbour, Route, Status
from netwatch.model.record import Record
from netwatch.platform.attribution import Sights
from netwatch.platform.base import TCP, Socket
from netwatch.platform.facts import Facts
from netwatch.platform.linux import rtnetlink
from netwatch.platform.linux.bcc import BccTracker
from netwatch.platform.linux.containers import Places
from netwatch.platform.linux.diag import DiagTracker
from netwatch.platform.linux.ebpf import EbpfTracker
from netwatch.platform.linux.namespaces import Namespaces
from netwatch.platform.linux.probes import Prober
from netwatch.platform.linux.procfs import Proc
from netwatch.platform.linux.tcpinfo import tcp_info
from netwatch.platform.watch import Tracker, Watch

if TYPE_CHECKING:
    import psutil

STATES = {1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT", 7: "CLOSE",
          8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING"}
# capability(7): name, bit, what is lost without it
CAPABILITIES = (
    ("CAP_NET_RAW", 13, "no live capture"),
    ("CAP_BPF", 39, "no eBPF: owners are found by polling, and short-lived ones missed"),
    ("CAP_PERFMON", 38, "no eBPF: owners are found by polling, and short-lived ones missed"),
    ("CAP_SYS_PTRACE", 19, "without eBPF, only one's own processes are found"),
    ("CAP_SYS_ADMIN", 21, "without eBPF, other network namespaces (containers) are not seen"),
)


class Linux:
    """The platform. `methods` limits what owners are found by, for comparison and tests."""

    name = "linux"

    def __init__(self, root: str = "/proc") -> None:
        self._proc = Proc(root)

    def owners(self, methods: tuple[str, ...] = ("ebpf", "bcc", "sock_diag")) -> Watch:
        namespaces = Namespaces(self._proc)
        sights = Sights(namespaces.own, namespaces.addresses)
        places = Places(self._proc.cgroups)
        facts = Facts(self._start_of, places.of_pid)
        ebpf = EbpfTracker(sights, facts, places, namespaces)
        made: dict[str, Tracker] = {
            "ebpf": ebpf,
            "bcc": BccTracker(sights, facts, self._proc, namespaces.own),
            "sock_diag": DiagTracker(sights, facts, self._proc, namespaces),
        }
        return Watch(sights, facts, [t for name, t in made.items() if name in methods], self._proc.addresses,
                     ebpf.drops)

    def sockets(self) -> list[Socket]:
        """All TCP and UDP sockets of our namespace with the processes that hold them."""
        from netwatch._fast.os.sockdiag import SocketTable

        try:
            table = SocketTable()
            rows, _, _ = table.changes()
            table.close()
        except OSError as e:
            raise Unavailable(f"sock_diag: {e.strerror}") from None
        holders: dict[int, list[int]] = {}
        for pid in self._proc.pids():
            for inode in self._proc.inodes(pid):
                holders.setdefault(inode, []).append(pid)
        return [Socket(proto, local if any(local) else b"", lport, remote if any(remote) else b"", rport,
                       STATES.get(state, "") if proto == TCP else "", tuple(holders.get(inode, ())), uid, inode)
                for proto, state, _, local, lport, remote, rport, uid, inode, _ in rows]

    def counters(self) -> list[Counters]:
        return rtnetlink.counters()

    def links(self) -> list[Link]:
        return rtnetlink.links()

    def routes(self) -> list[Route]:
        return rtnetlink.routes()

    def neighbours(self) -> list[Neighbour]:
        return rtnetlink.neighbours()

    def addresses(self) -> frozenset[bytes]:
        return rtnetlink.addresses()

    def tcp_info(self, local: bytes, lport: int, remote: bytes, rport: int) -> Record:
        """The kernel's own view of one of its connections, see tcpinfo.py. Raises Unavailable."""
        return tcp_info(local, lport, remote, rport)

    def prober(self) -> Prober:
        """Raises OSError."""
        return Prober()

    def capabilities(self) -> list[Status]:
        """The capabilities that matter here: whether this process has them, and what is missing without."""
        effective = self._proc.effective()
        root_fix = "run it with sudo" if os.geteuid() else ""
        return [Status(name, True) if effective >> bit & 1 else Status(name, False, f"without it: {lacking}", root_fix)
                for name, bit, lacking in CAPABILITIES]

    def _start_of(self, process: psutil.Process) -> int:
        """The start time in clock ticks since boot, as /proc/PID/stat has it."""
        found = self._proc.identify(process.pid)
        return found.start if found else 0
