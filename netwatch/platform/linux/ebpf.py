"""Owners by eBPF: the precompiled object bpf/owners.bpf.o, as much of it as this kernel allows, and its events.

Needs CAP_BPF and CAP_PERFMON (or root), Linux 5.8, the kernel's BTF and libbpf. Programs are chosen by what the kernel
has: tracepoints first, function entry and exit where those are missing. What is not permitted is left out, never fatal.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from netwatch.model.host import Unavailable
from netwatch.model.machine import KernelDrop, Status
from netwatch.platform.attribution import MS, SECOND, SILENT, TOLD, Sight, Sights
from netwatch.platform.facts import Facts
from netwatch.platform.linux import bpf_events, drops
from netwatch.platform.linux.containers import Places, with_place
from netwatch.platform.linux.libbpf import Object, enum_names, kernel_types
from netwatch.platform.linux.namespaces import Namespaces

METHOD = "ebpf"
OBJECT = Path(__file__).parent / "bpf" / "owners.bpf.o"
STATE, LENGTHS = {"state_changed"}, {"sent", "received"}
ENTRIES, ACCEPT, FIND = {"send4", "send6", "receive4", "receive6"}, {"accepted"}, {"find_sockets"}
DROPS = {"dropped"}
ADDRESSES, NO_ADDRESS = 1 << 63, 1 << 64  # where addresses of the kernel begin; beyond all cookies and addresses
# the constants of the programs: whether any may make cookies for sockets, and whether the iterator may
EACH_BY_COOKIE, FOUND_AS_THEY_ARE, ALL_AS_THEY_ARE = b"\1\1", b"\1\0", b"\0\0"
ALL = STATE | LENGTHS | ENTRIES | ACCEPT | FIND | DROPS
SENT_BEFORE = 10 * MS          # a send is told after the packet has left
WAITED = 5 * SECOND            # a packet may have lain in the socket so long before it was received
TCP_LIKE = (6, 132)


class EbpfTracker:
    """The tracker. The table is brought up to date with every look at the events, so that an answer is never late."""

    method = METHOD
    complete = True
    polled = False
    pace_s = 5.0
    budget = 0.02

    def __init__(self, sights: Sights, facts: Facts, places: Places, namespaces: Namespaces,
                 path: Path = OBJECT) -> None:
        self._sights = sights
        self._facts = facts
        self._places = places
        self._namespaces = namespaces
        self._path = path
        self._object: Object | None = None
        self._programs: set[str] = set()
        self._reasons: dict[int, str] = {}
        self._limits: list[str] = []
        self._taken: list[bytes] = []
        self._offset = 0           # from CLOCK_MONOTONIC to the time since 1970
        self._losses = 0
        self._lost_at = 0          # not later than this, ns since 1970
        self._found_at = 0         # when the last sweep began
        self._sweeps = 0
        self._addresses = NO_ADDRESS  # from where on a cookie is an address that events do not tell of
        self._nameless: set[int] = set()       # addresses of sockets that could not be given a cookie
        self.events = 0
        self.load_s = 0.0

    def start(self) -> None:
        """Load and attach. Raises Unavailable with the reason; 100 ms or so."""
        if not self._path.is_file():
            raise Unavailable(f"{self._path} is missing: this installation of netwatch is not whole")
        began = time.monotonic()
        with kernel_types() as has:
            told = LENGTHS if has("btf_trace_sock_send_length") else set()
        failure = OSError("no programs")
        find, constants = self._findable()
        for wanted in self._ladder(told, find):
            try:
                self._load(wanted, constants)
                break
            except OSError as e:
                failure = e
                self.close()
        if self._object is None:
            raise Unavailable(_explain(failure))
        self.complete = bool(self._programs & FIND)
        if not self.complete:
            self._limits.append("this kernel lets no iterator load: what was there before is looked for by sock_diag")
        if not self._programs & (LENGTHS | ENTRIES):
            self.complete = False
            self._limits.append("neither sock_send_length (Linux 6.3) nor fentry here: no UDP, no accepted connections")
        self.load_s = time.monotonic() - began

    def drain(self) -> None:
        if self._object is None:
            return
        self._consume()
        now = time.time_ns()
        self._offset = now - time.monotonic_ns()
        taken, self._taken = self._taken, []
        if taken:
            self._count_losses(self._object, now)
        for data in taken:
            if len(data) == bpf_events.SOCKET.size:
                kind, at, cookie = bpf_events.END.unpack_from(data)
                if kind == bpf_events.CLOSED:      # half of all; the rest of such an event says nothing new
                    self._sights.closed(cookie, at + self._offset)
                else:
                    self._enter(bpf_events.socket_event(data))
            elif len(data) >= bpf_events.PROCESS_SIZE:
                who, process, cgroup = bpf_events.process_event(data)
                self._facts.learn(who, with_place(process, self._places.of_cgroup(cgroup)))
        self.events += len(taken)
        self._sights.passed[METHOD] = now

    def sweep(self) -> None:
        """All sockets there are: those from before us, and which of the silent ones are open still."""
        if self._object is None or not self._programs & FIND:
            return
        began = time.time_ns()
        self._namespaces.look(again=self._sweeps % 8 == 0)
        self._sweeps += 1
        try:
            found = self._found()
        except OSError as e:
            self._limits = [f"the iterator stopped working: {e}"]
            self._programs -= FIND
            return
        with self._sights.lock:
            self.drain()
            self._count_losses(self._object, time.time_ns())
            self._offset = time.time_ns() - time.monotonic_ns()
            for n, (pid, cookie, _) in enumerate(bpf_events.WHOSE.iter_unpack(found)):
                known = self._sights.knows(cookie)
                if cookie >= self._addresses or len(known) != 1 or known[0].who.pid != pid:
                    self._enter_found(bpf_events.socket_event(found, n * bpf_events.SOCKET.size), began)
                elif known[0].ending == SILENT:
                    known[0].last = began
            self._sights.unconfirmed(began)
            self._found_at = began

    def status(self) -> Status:
        reason = "; ".join(self._limits)
        if self._losses:
            reason = f"{reason}; {self._losses} events lost".lstrip("; ")
        return Status(METHOD, self._object is not None, reason, "" if self._object else _fix(), {
            "object": self._path.is_file(), "programs": sorted(self._programs), "events": self.events,
            "lost": self._losses, "load_ms": round(1000 * self.load_s)})

    def drops(self) -> list[KernelDrop]:
        if self._object is None or not self._programs & DROPS:
            raise Unavailable("this kernel does not say why it drops packets (Linux 5.17), or not to us")
        if not self._reasons:
            self._reasons = enum_names(drops.ENUM)
        found = drops.counted(self._object.entries("drops", drops.KEY.size, drops.VALUE.size, drops.MOST),
                              self._reasons)
        offset = time.time_ns() - time.monotonic_ns()
        return [KernelDrop(each.reason.lower(), drops.WORDS.get(each.reason, ""), each.packets, each.proto, each.port,
                           each.at + offset) for each in found if each.netns == self._namespaces.own]

    def close(self) -> None:
        if self._object is not None:
            self._object.close()
            self._object = None

    def _findable(self) -> tuple[set[str], bytes]:
        """Which iterator loads here, and the constants of the programs with which it does: whether they may make
        cookies, and whether it may."""
        ways = (EACH_BY_COOKIE, FOUND_AS_THEY_ARE) if _release() >= (5, 12) else (ALL_AS_THEY_ARE,)
        for constants in ways:
            alone = Object(str(self._path))
            try:
                alone.choose(FIND, ALL)
                alone.constants(constants)
                alone.load()
                return FIND, constants
            except OSError:
                continue
            finally:
                alone.close()
        return set(), ways[0]

    def _ladder(self, told: set[str], find: set[str]) -> list[set[str]]:
        """What to try to load, best first: function tracing and iterators may be forbidden each by itself."""
        best = [STATE | told | ACCEPT, STATE | told] if told else [STATE | ENTRIES | ACCEPT, STATE | ENTRIES, STATE]
        finds = (find, set[str]()) if find else (find,)
        return [each | find | told for find in finds for each in best for told in (DROPS, set())]

    def _load(self, wanted: set[str], constants: bytes) -> None:
        self._object = Object(str(self._path))
        self._object.choose(wanted, ALL)
        self._object.constants(constants)
        self._object.load()
        for name in sorted(wanted - FIND):
            self._object.attach(name)
        self._consume = self._object.ring("events", self._taken_one)
        if wanted & FIND:
            self._find = self._object.attach_iterator("find_sockets")
        self._programs = wanted
        self._addresses = ADDRESSES if constants == FOUND_AS_THEY_ARE else NO_ADDRESS

    def _found(self) -> bytes:
        """What the iterator finds. Where it may not make cookies, sock_diag does: it is asked for the sockets of each
        namespace in which new ones lack theirs; raw ones go on without."""
        found = _whole(self._find())
        lacking, places = self._lacking(found)
        if lacking - self._nameless:
            for inode in places & {self._namespaces.own, *self._namespaces.members}:
                with contextlib.suppress(OSError):
                    self._make_cookies(inode)
            found = _whole(self._find())
            self._nameless = self._lacking(found)[0]
        return found

    def _lacking(self, found: bytes) -> tuple[set[int], set[int]]:
        """Of what the iterator found: the addresses of sockets without a cookie, and the namespaces they are in."""
        lacking = [(cookie, netns) for _, cookie, netns in bpf_events.WHOSE.iter_unpack(found)
                   if cookie >= self._addresses]
        return {address for address, _ in lacking}, {netns for _, netns in lacking}

    def _make_cookies(self, inode: int) -> None:
        """The kernel gives a cookie to every socket that it tells of by sock_diag. Raises OSError."""
        from netwatch._fast.os.sockdiag import SocketTable

        with contextlib.ExitStack() as open_ones:
            namespace = -1
            if inode != self._namespaces.own:
                namespace = self._namespaces.open(inode)
                open_ones.callback(os.close, namespace)
            table = SocketTable(namespace)
            open_ones.callback(table.close)
            table.changes()

    def _count_losses(self, programs: Object, now: int) -> None:
        lost = programs.number("lost")
        if lost != self._losses:
            self._losses, self._lost_at = lost, now

    def _taken_one(self, data: bytes) -> None:
        self._taken.append(data)

    def _enter(self, e: bpf_events.SocketEvent) -> None:
        at = e.at + self._offset
        stream = e.proto in TCP_LIKE
        if e.kind == bpf_events.RECEIVED:
            begin = 0 if stream else at - WAITED
        elif e.kind == bpf_events.CONNECTED:
            begin = at - 120 * SECOND      # as long as a connection may be tried; what is known of the port bounds it
        else:
            begin = 0 if stream else at - SENT_BEFORE
        begin = max(begin, min(self._lost_at, at))     # before a loss, the ends may have been another's
        self._sights.saw(Sight(
            e.who, e.netns, e.cookie, METHOD, e.local, first=at, begin=begin, last=at,
            ending=TOLD if stream else SILENT, listening=e.kind == bpf_events.LISTENS, sharing=e.sharing),
            e.proto, e.lport, e.remote, e.rport)

    def _enter_found(self, e: bpf_events.SocketEvent, began: int) -> None:
        """A socket of the snapshot: known, or from before us, or told of by an event that was lost. Without a cookie it
        is known by its address and its ends, and its events tell of another."""
        told = e.proto in TCP_LIKE and e.cookie < self._addresses
        if e.cookie >= self._addresses:
            ends = hash((e.cookie, e.netns, e.proto, e.local, e.lport, e.remote, e.rport))
            e.cookie = ADDRESSES | ends & (ADDRESSES - 1)
        known = self._sights.knows(e.cookie)
        if any(s.who == e.who for s in known):
            self._sights.confirm(e.cookie, began)
        elif not e.lport and e.proto in (6, 17):
            return
        elif known and known[0].end > began:
            self._sights.share(e.cookie, e.who.pid)
            self._sights.confirm(e.cookie, began)
        else:
            begin = began if self._lost_at > self._found_at else self._found_at    # it was not there a sweep ago
            self._sights.saw(Sight(
                e.who, e.netns, e.cookie, METHOD, e.local, first=began, begin=begin, last=began,
                ending=TOLD if told else SILENT, listening=e.kind == bpf_events.LISTENS, sharing=True),
                e.proto, e.lport, e.remote, e.rport)


def _whole(found: bytes) -> bytes:
    return found[:len(found) - len(found) % bpf_events.SOCKET.size]


def _release() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(c for c in minor if c.isdigit()) or 0)


def _fix() -> str:
    return "run it with sudo" if os.geteuid() else ""


def _explain(failure: OSError) -> str:
    if isinstance(failure, PermissionError):
        return "not permitted: it needs CAP_BPF and CAP_PERFMON, or root"
    return f"the kernel refused the programs: {failure.strerror or failure}"
