"""Linux: eBPF, sock_diag and /proc for owners; rtnetlink for interfaces, routes and neighbours."""

from __future__ import annotations

from typing import Any

from netwatch.platform.facts import Facts
from netwatch.platform.linux.diag import DiagTracker
from netwatch.platform.linux.ebpf import EbpfTracker
from netwatch.platform.linux.namespaces import Namespaces
from netwatch.platform.linux.places import Places
from netwatch.platform.linux.procfs import Proc
from netwatch.platform.sights import Sights
from netwatch.platform.watch import Tracker, Watch


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
        made: dict[str, Tracker] = {
            "ebpf": EbpfTracker(sights, facts, places),
            "sock_diag": DiagTracker(sights, facts, self._proc, namespaces),
        }
        return Watch(sights, facts, [t for name, t in made.items() if name in methods], self._proc.addresses)

    def _start_of(self, process: Any) -> int:
        """The start time in clock ticks since boot, as /proc/PID/stat has it."""
        found = self._proc.identify(process.pid)
        return found.start if found else 0
