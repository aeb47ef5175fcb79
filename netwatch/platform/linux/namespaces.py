"""The network namespaces of this machine: which there are, their addresses, and a way in.

A container's sockets are in a namespace of its own, and the kernel's tables are shown per namespace. Namespaces are
found by the processes in them; one without a process has no sockets of anybody.
"""

from __future__ import annotations

import os
import time

from netwatch.platform.linux.procfs import Proc

MAX_NAMESPACES = 64
KEEP_S = 5.0                   # how long a namespace's addresses are taken as known


class Namespaces:
    """All of them as of the last `look`: {inode: pid of some process in it}. `own` is ours."""

    def __init__(self, proc: Proc) -> None:
        self._proc = proc
        self.own = proc.namespace()
        self.members: dict[int, int] = {}
        self.too_many = 0
        self._known: dict[int, int] = {}
        self._addresses: dict[int, tuple[float, frozenset[bytes]]] = {}

    def look(self, again: bool = False) -> None:
        """Find the namespaces of all processes. `again`: also of those known already, which may have moved."""
        pids = self._proc.pids()
        known = {} if again else self._known
        self._known = {pid: known.get(pid) or self._proc.namespace(pid) for pid in pids}
        members = {inode: pid for pid, inode in self._known.items() if inode and inode != self.own}
        self.too_many = max(0, len(members) - MAX_NAMESPACES)
        self.members = dict(list(members.items())[:MAX_NAMESPACES])

    def addresses(self, inode: int) -> frozenset[bytes] | None:
        """The addresses of a namespace, at most KEEP_S old; None when nobody in it can be asked."""
        at, found = self._addresses.get(inode, (0.0, frozenset()))
        now = time.monotonic()
        if not found or now - at > KEEP_S:
            pid = "self" if inode == self.own else self.members.get(inode)
            found = self._proc.addresses(pid) if pid else frozenset()
            if len(self._addresses) > 2 * MAX_NAMESPACES:
                self._addresses.clear()
            self._addresses[inode] = (now, found)
        return found or None

    def open(self, inode: int) -> int:
        """A descriptor of the namespace. Raises OSError."""
        return os.open(f"{self._proc.root}/{self.members[inode]}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
