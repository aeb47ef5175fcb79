"""Owners by polling: the kernel's socket table (sock_diag) joined with /proc/PID/fd, from pass to pass.

A pass asks only for what changed. A new socket is looked for in the processes that opened some lately, then in new
ones, then in all the others, and no further once it is found. What lives and dies between two passes is never seen, and
status() says so. Needs CAP_SYS_PTRACE for the processes of others and CAP_SYS_ADMIN for other namespaces.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, NamedTuple

from netwatch.model.host import Unavailable
from netwatch.model.machine import Identity, Process, Status
from netwatch.platform.attribution import MS, POLLED, SETTLED, SILENT, Sight, Sights
from netwatch.platform.base import TCP
from netwatch.platform.facts import Facts
from netwatch.platform.linux.namespaces import Namespaces
from netwatch.platform.linux.procfs import Proc
from netwatch.platform.linux.socket_close import Closings

if TYPE_CHECKING:
    from netwatch._fast.os.sockdiag import SocketTable

METHOD = "sock_diag"
PACE_S = 0.02
ALL_S = 0.5                    # between two looks at every process, at namespaces and at raw sockets
OTHERS = 2                     # other namespaces in one pass
MAX_BUSY = 32                  # processes remembered for having opened sockets lately
PASSES_KEPT = 16               # more than there are in the time in which the kernel tells of a closing
MAX_PENDING = 65536            # sockets whose process is being looked for
PATIENCE_NS = 2000 * MS        # after which a socket's process is looked for no more
LISTEN = 10

Row = tuple[int, int, bool, bytes, int, bytes, int, int, int, int]


class Waiting(NamedTuple):
    """A socket whose process is looked for: met by `since` for the first time, and not there yet at `before`."""

    since: int
    before: int
    namespace: int
    row: Row


class DiagTracker:
    """The tracker. `alone` when no event method runs: only then does it pass as often as it can."""

    method = METHOD
    complete = True
    polled = True
    budget = 0.1

    def __init__(self, sights: Sights, facts: Facts, proc: Proc, namespaces: Namespaces) -> None:
        self.pace_s = PACE_S
        self._sights = sights
        self._facts = facts
        self._proc = proc
        self._namespaces = namespaces
        self._tables: dict[int, SocketTable] = {}
        self._pending: OrderedDict[int, Waiting] = OrderedDict()      # by inode
        self._searched: set[int] = set()       # those of them that no process had when all were looked at
        self._busy: OrderedDict[int, None] = OrderedDict()
        self._pids: set[int] = set()
        self._looked = 0.0
        self._hides = proc.hides_others()
        self._closings: dict[int, Closings] = {}
        self._begun: dict[int, deque[int]] = {}    # by namespace, when the passes over it began
        self._missing: dict[int, set[int]] = {}    # by namespace, cookies that a pass which was not whole did not meet
        self._raw: set[int] = set()            # the inodes of raw sockets
        self._raw_passed = 0
        self._refused = ""
        self.passes = self.unresolved = 0

    def start(self) -> None:
        self._add_table(self._namespaces.own, -1)
        if self._namespaces.own not in self._tables:
            raise Unavailable(f"this kernel has no sock_diag: {self._refused}")

    def drain(self) -> None:
        pass

    def close(self) -> None:
        for table in self._tables.values():
            table.close()
        self._tables = {}
        for closings in self._closings.values():
            closings.close()
        self._closings = {}

    def status(self) -> Status:
        limits = ["polled: what lives shorter than the time between two passes may lack an owner"]
        if self._proc.hidden:
            limits.append(f"the descriptors of {self._proc.hidden} processes may not be read (hidepid or no "
                          "CAP_SYS_PTRACE)")
        if self._hides:
            limits.append("/proc is mounted with hidepid: others' processes may not even be listed")
        if self._refused:
            limits.append(f"other network namespaces are not seen: {self._refused}")
        if self._namespaces.too_many:
            limits.append(f"{self._namespaces.too_many} network namespaces too many")
        return Status(METHOD, bool(self._tables), "; ".join(limits), "run it with sudo" if os.geteuid() else "", {
            "passes": self.passes, "namespaces": len(self._tables), "unresolved": self.unresolved,
            "sockets": sum(len(table) for table in self._tables.values()), "hidden": self._proc.hidden})

    def sweep(self) -> None:
        began = time.time_ns()
        every = time.monotonic() - self._looked > ALL_S
        if every:
            self._looked = time.monotonic()
            self._proc.hidden = 0
            self._look_at_namespaces()
        for namespace, table in self._turn():
            try:
                fresh, gone, whole = table.changes()
            except OSError as e:
                self._refused = str(e)
                self._drop_table(namespace)
                continue
            done = time.time_ns()
            with self._sights.lock:
                before = self._sights.looked.get(namespace, 0)
                self._note(namespace, fresh, self._left(namespace, fresh, gone, whole), before, done)
                if whole:
                    self._sights.looked[namespace] = began
                if namespace in self._closings:
                    self._note_closings(namespace, before, began)
        if every:
            self._note_raw(began)
        self._resolve(began, every)
        self._sights.passed[METHOD] = began
        self.passes += 1

    def _turn(self) -> list[tuple[int, SocketTable]]:
        """The tables of this pass: our own namespace's in each, the others' a few at a time."""
        own = self._namespaces.own
        others = [inode for inode in self._tables if inode != own]
        first = self.passes * OTHERS % max(1, len(others))
        chosen = (others[first:] + others[:first])[:OTHERS]
        return [(inode, self._tables[inode]) for inode in (own, *chosen) if inode in self._tables]

    def _look_at_namespaces(self) -> None:
        self._namespaces.look(again=True)
        for inode in self._tables.keys() - self._namespaces.members.keys() - {self._namespaces.own}:
            self._drop_table(inode)
        for inode in self._namespaces.members.keys() - self._tables.keys():
            try:
                fd = self._namespaces.open(inode)
            except OSError as e:
                self._refused = str(e)
                continue
            self._add_table(inode, fd)
            os.close(fd)

    def _add_table(self, inode: int, fd: int) -> None:
        from netwatch._fast.os.sockdiag import SocketTable

        try:
            self._tables[inode] = SocketTable(fd)
        except OSError as e:
            self._refused = str(e)
            return
        with contextlib.suppress(OSError):
            self._closings[inode] = Closings(fd)
            self._begun[inode] = deque(maxlen=PASSES_KEPT)
            self._sights.covered[inode] = (now := time.time_ns()), now

    def _drop_table(self, inode: int) -> None:
        self._tables.pop(inode).close()
        self._missing.pop(inode, None)
        self._sights.looked.pop(inode, None)
        self._sights.covered.pop(inode, None)
        if inode in self._closings:
            self._closings.pop(inode).close()
            del self._begun[inode]

    def _left(self, namespace: int, fresh: list[Row], gone: list[int], whole: bool) -> list[int]:
        """The cookies of the sockets that are certainly gone. A pass that was not whole may have missed some, which the
        next one then has as new ones."""
        missing = self._missing.pop(namespace, set()) - {row[9] for row in fresh}
        missing.update(gone)
        if whole:
            return list(missing)
        self._missing[namespace] = missing
        return []

    def _note(self, namespace: int, fresh: list[Row], gone: list[int], before: int, done: int) -> None:
        """Enter what one namespace's pass brought: new sockets wait for their process, those gone are closed. `before`:
        when the pass before began; `done`: when this one was over."""
        for cookie in gone:
            self._sights.closed(cookie, done, before)
        if gone and self._pending:
            self._give_up(set(gone))
        for row in fresh:
            remote, inode, cookie = row[5], row[8], row[9]
            again = self._sights.knows(cookie)
            if again and len(again[0].key) == (5 if any(remote) else 2):
                self._sights.reopened(cookie, done)
            elif inode and len(self._pending) < MAX_PENDING:
                self._pending[inode] = Waiting(done, before, namespace, row)

    def _give_up(self, gone: Set[int]) -> None:
        """Sockets that are gone before their process was found: nobody knows whose they were."""
        for inode, waiting in list(self._pending.items()):
            _, _, _, local, lport, remote, rport, _, _, cookie = waiting.row
            if cookie in gone:
                del self._pending[inode]
                self.unresolved += 1
                self._sights.unseen(waiting.namespace, waiting.row[0], local if any(local) else b"", lport,
                                    remote if any(remote) else b"", rport, waiting.before, time.time_ns())

    def _note_closings(self, namespace: int, before: int, began: int) -> None:
        """Sockets of this namespace that were closed lately. One that no pass met was opened after the last pass that
        began before it was closed."""
        until = time.time_ns()
        told, whole = self._closings[namespace].take()
        now = time.time_ns()
        since, asked = self._sights.covered[namespace]
        passes = self._begun[namespace]
        opened = next((begun for begun in reversed(passes) if begun <= asked - SETTLED), since)
        passes.append(began)
        self._sights.covered[namespace] = (since if whole else now), until
        if self._pending:
            self._give_up({closing.cookie for closing in told})
        for closing in told:
            if self._sights.knows(closing.cookie):
                self._sights.closed(closing.cookie, now, before)
            elif closing.lport:
                self._sights.unseen(namespace, *closing[:5], opened, now)

    def _note_raw(self, began: int) -> None:
        """Raw and ping sockets have no cookie here; their inode stands for it, negative so that it meets no other."""
        there = set()
        for namespace in self._tables:
            pid = "self" if namespace == self._namespaces.own else self._namespaces.members.get(namespace, "self")
            for s in self._proc.raw_sockets(pid):
                there.add(s.inode)
                if self._sights.knows(-s.inode):
                    self._sights.confirm(-s.inode, began)
                elif s.inode and len(self._pending) < MAX_PENDING:
                    row = (s.proto, 7, len(s.remote) == 16, s.local, s.lport, s.remote, s.rport, s.uid or 0, s.inode,
                           -s.inode)
                    self._pending.setdefault(s.inode, Waiting(time.time_ns(), self._raw_passed, namespace, row))
        for inode in self._raw - there:
            self._sights.closed(-inode, time.time_ns(), self._raw_passed)
        self._raw, self._raw_passed = there, began

    def _resolve(self, began: int, every: bool) -> None:
        """Find the processes of the sockets that wait for one."""
        for inode, waiting in list(self._pending.items()):
            if waiting.since < began - PATIENCE_NS:
                del self._pending[inode]
                self.unresolved += 1
        self._searched &= self._pending.keys()
        if not self._pending:
            return
        wanted = self._pending.keys() if every else self._pending.keys() - self._searched
        pids = set(self._proc.pids())
        new = sorted(pids - self._pids, reverse=True)
        self._pids = pids
        holders: dict[int, list[int]] = {}
        self._seen: dict[int, Set[int]] = {}
        self._glanced: dict[int, tuple[Identity, Process] | None] = {}
        self._search([*(pid for pid in reversed(self._busy) if pid in pids), *new], holders, wanted, every)
        if every or any(self._pending[inode].since < began for inode in wanted - holders.keys()):
            self._search(pids.difference(new, self._busy), holders, wanted, every)
            self._searched.update(wanted)
        with self._sights.lock:
            for inode, pids_of in holders.items():
                self._give(inode, pids_of, began)

    def _search(self, pids: Iterable[int], holders: dict[int, list[int]], wanted: Set[int], every: bool) -> None:
        """Look for the wanted sockets in these processes until all are found; `every`: in each of them."""
        for pid in pids:
            if not every and holders.keys() >= wanted:
                break
            for inode in self._inodes(pid) & self._pending.keys():
                if pid not in (held := holders.setdefault(inode, [])):
                    held.append(pid)

    def _inodes(self, pid: int) -> Set[int]:
        """The sockets of a process, looked at once in a pass."""
        if pid not in self._seen:
            self._seen[pid] = set(self._proc.inodes(pid))
        return self._seen[pid]

    def _glance(self, pid: int) -> tuple[Identity, Process] | None:
        """Who it is, looked at once in a pass."""
        if pid not in self._glanced:
            self._glanced[pid] = self._proc.glance(pid)
        return self._glanced[pid]

    def _give(self, inode: int, pids: list[int], began: int) -> None:
        """The socket belongs to these processes, and to the oldest first: a child inherits from its parent."""
        found = []
        for pid in pids:
            glance = self._glance(pid)
            if glance is None:
                continue
            found.append(glance)
            parent = glance[1].ppid
            if parent and parent not in pids and inode in self._inodes(parent):
                pids.append(parent)
        if not found:
            return
        waiting = self._pending.pop(inode)
        found.sort(key=lambda each: (each[0].start, each[0].pid))
        who, told = found[0]
        self._busy.pop(who.pid, None)
        self._busy[who.pid] = None
        if len(self._busy) > MAX_BUSY:
            self._busy.popitem(last=False)
        if not self._facts.knows(who):
            self._facts.learn(who, told)
        proto, state, _, local, lport, remote, rport, _, _, cookie = waiting.row
        self._sights.saw(Sight(
            who, waiting.namespace, cookie, METHOD, local if any(local) else b"", first=waiting.since,
            begin=waiting.before, last=began, ending=POLLED if cookie > 0 else SILENT,
            listening=state == LISTEN and proto == TCP, sharing=True, passes=True,
            others=tuple(each[0].pid for each in found[1:])),
            proto, lport, remote if any(remote) else b"", rport)
