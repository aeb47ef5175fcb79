"""The Owners of every platform: methods of finding out, a thread that lets them, and the answers.

A method (Tracker) tells its sights to the table; how it learns them is its own affair. An event method is told by the
kernel and drained often; a polled one makes passes, as often as its cost allows, and at once when somebody asks about a
flow that is not in the table. Asking costs two dictionary look-ups and what events have gathered, no system call.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from netwatch.model.host import Unavailable
from netwatch.model.machine import NOT_NEEDED, BoundSocket, KernelDrop, Owner, Status, Unknown
from netwatch.platform.attribution import SECOND, Found, Sights
from netwatch.platform.base import PROTOCOLS, is_group, packed
from netwatch.platform.facts import Facts

DRAIN_S = 0.05                 # between two looks at the events
FRESH_S = 0.002                # many are asked about at once: the events are looked at once for all of them
PRUNE_S = 1.0
EAGER = -10                    # nice value of a thread that passes many times a second, where we may have it
BOUND_MOST = 2000              # sockets told at a time
DROPS_MOST = 100               # told at a time
ADDRESSES_MOST = 32            # of this machine, that a drop may have been for
LOOPBACKS = b"\x7f\0\0\1", bytes(15) + b"\1"
ASKED_S = 0.1                  # between two passes because somebody asked


class Tracker(Protocol):
    """One method of learning who has which socket. It takes the table's lock while it changes the table, only then."""

    method: str
    complete: bool                 # sees every socket, so that no lesser method need run beside it
    polled: bool                   # by passes alone: not what is opened and closed between two of them
    pace_s: float                  # between two passes that nobody asked for
    budget: float                  # of one core, that its passes may cost: dear ones come less often

    def start(self) -> None:
        """Begin. Raises Unavailable."""

    def drain(self) -> None:
        """Tell the table what events have come. Cheap when there are none; called with the table's lock."""

    def sweep(self) -> None:
        """Make a pass over all sockets."""

    def status(self) -> Status: ...

    def close(self) -> None: ...


def _no_drops() -> list[KernelDrop]:
    raise Unavailable("nothing here counts what the kernel drops")


class Watch:
    """Owners by a list of trackers, best first: all that start, down to the first that sees every socket by itself.

    `start()` may be called once; `lookup` and the rest from any thread.
    """

    def __init__(self, sights: Sights, facts: Facts, trackers: list[Tracker],
                 addresses: Callable[[], frozenset[bytes]],
                 drops: Callable[[], list[KernelDrop]] | None = None) -> None:
        """`drops`: what the kernel has dropped, without owners."""
        self._sights = sights
        self._facts = facts
        self._trackers = trackers
        self._addresses = addresses
        self._drops = drops or _no_drops
        self._active: list[Tracker] = []
        self._refused: dict[str, str] = {}
        self._lock = sights.lock
        self._wake = threading.Event()
        self._asked = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._cost: dict[str, float] = {}
        self._swept: dict[str, float] = {}
        self._drained = 0.0
        self._ours: frozenset[bytes] = frozenset()
        self.unknown = self.known = 0
        self.seconds = 0.0             # CPU time the thread has used

    def start(self) -> None:
        """Start every method that works here, look at what there is already, and keep looking. Never raises.

        Descriptors are opened here: call it before privileges are dropped. Takes some 100 ms with eBPF.
        """
        for tracker in self._trackers:
            if any(better.complete for better in self._active):
                self._refused[tracker.method] = NOT_NEEDED
                continue
            try:
                tracker.start()
                self._active.append(tracker)
            except Unavailable as e:
                self._refused[tracker.method] = str(e)
        self._ours = self._addresses()
        self._sights.polled = not any(tracker.complete and not tracker.polled for tracker in self._active)
        for tracker in self._active:
            self._sweep(tracker)
        self._thread = threading.Thread(target=self._run, name="owners", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and let go of everything; may be called again."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None
        with self._lock:
            for tracker in self._active:
                tracker.close()
            self._active = []

    def drops(self) -> list[KernelDrop]:
        """What the kernel dropped, with whose it was as far as there is a socket of that port. Raises Unavailable."""
        return [replace(each, owner=self._of_port(each)) for each in self._drops()[:DROPS_MOST]]

    def bound_sockets(self) -> list[BoundSocket]:
        """What listens or is bound now in our network namespace, by port."""
        with self._lock:
            for tracker in self._active:
                tracker.drain()
            there = self._sights.bound(time.time_ns())[:BOUND_MOST]
            return [BoundSocket(proto, sight.local, port, sight.listening, self._facts.of(sight.who), sight.others,
                                sight.method) for proto, port, sight in there]

    def _of_port(self, drop: KernelDrop) -> Owner | None:
        """The one process that has a socket of that port, whichever of our addresses the packet was for."""
        if not drop.port:
            return None
        asked = (self._answer(drop.proto, local, drop.port, bytes(len(local)), 0, drop.last_ns, drop.last_ns)
                 for local in (*LOOPBACKS, *sorted(self._ours)[:ADDRESSES_MOST]))
        found = [each for each in asked if isinstance(each, Owner)]
        return found[0] if len({each.process.pid for each in found}) == 1 else None

    def lookup(self, proto: str | int, local: str | bytes, lport: int, remote: str | bytes, rport: int,
               first_seen_ns: int = 0, last_seen_ns: int = 0) -> Owner | Unknown:
        """Who owns the local end of this flow, at the time of its first packet (ns since 1970; 0: now).

        `last_seen_ns` is when it was last known to be the same flow (its newest packet; 0: its first): a method that
        polls may have met the socket only then. For ICMP echo, the identifier is the local port. When the answer is
        Unknown with `retry`, a pass has been ordered; ask again, within two seconds or until it says something else.
        Raises ValueError for no address.
        """
        number = PROTOCOLS.get(proto, -1) if isinstance(proto, str) else proto
        return self._answer(number, packed(local), lport, packed(remote), rport, first_seen_ns, last_seen_ns)

    def of_flow(self, proto: str | int, src: str | bytes, sport: int, dst: str | bytes, dport: int,
                first_seen_ns: int = 0, last_seen_ns: int = 0) -> Owner | Unknown:
        """The same for a flow whose local end is not known: its initiator when that is here, else its responder. Where
        one address alone is ours, that is the end which is here: who holds the other one, in another network namespace
        of this machine, is as far away as one on the wire."""
        number = PROTOCOLS.get(proto, -1) if isinstance(proto, str) else proto
        here, there = packed(src), packed(dst)
        began_here, ended_here = here in self._ours, there in self._ours
        first: Owner | Unknown | None = None
        if began_here or not ended_here:
            first = self._answer(number, here, sport, there, dport, first_seen_ns, last_seen_ns)
            if isinstance(first, Owner) or (began_here and not ended_here and not is_group(there)):
                return first
        other_port = sport if number in (PROTOCOLS["icmp"], PROTOCOLS["icmp6"]) else dport
        second = self._answer(number, there, other_port, here, sport, first_seen_ns, last_seen_ns)
        found = second if first is None or isinstance(second, Owner) or ended_here else first
        if isinstance(found, Unknown) and not began_here and not ended_here:
            return replace(found, far=True)
        return found

    def status(self) -> list[Status]:
        """Every method of this platform, best first: active or why not, and what it has done so far."""
        with self._lock:
            found = []
            for tracker in self._trackers:
                if tracker.method in self._refused:
                    told, why = tracker.status(), self._refused[tracker.method]
                    fix = "" if why == NOT_NEEDED else told.fix
                    found.append(Status(tracker.method, False, why, fix, told.details))
                else:
                    found.append(tracker.status())
            if self._facts.missing:
                found.append(Status("psutil", False, self._facts.missing, "pip install psutil"))
        return found

    def _answer(self, proto: int, local: bytes, lport: int, remote: bytes, rport: int, when: int,
                until: int) -> Owner | Unknown:
        with self._lock:
            began = time.monotonic()
            if began - self._drained > FRESH_S:
                for tracker in self._active:
                    tracker.drain()
                self._drained = began
            found = self._sights.find(proto, local, lport, remote, rport, when or time.time_ns(), until)
            if isinstance(found, Found):
                self.known += 1
                return self._owner(found)
            self.unknown += 1
            if not self._active:
                return Unknown("no method of finding owners works here: " + "; ".join(
                    f"{method}: {reason}" for method, reason in self._refused.items()))
            if found.retry:
                self._asked = True
                self._wake.set()
        return found

    def _owner(self, found: Found) -> Owner:
        sight = found.sight
        age = self._sights.age_ns(sight, time.time_ns()) / SECOND
        return Owner(self._facts.of(sight.who), sight.method, found.quality, age, sight.others)

    def _run(self) -> None:
        pruned = time.monotonic()
        if sys.platform == "linux" and any(t.pace_s < 1 for t in self._active):
            with contextlib.suppress(OSError):     # who polls must not wait behind the busy programs it looks at
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), EAGER)
        while not self._stopping:
            self._wake.wait(max(0.001, min(DRAIN_S, *(self._due(t) - time.monotonic() for t in self._active), DRAIN_S)))
            self._wake.clear()
            asked, self._asked = self._asked, False
            for tracker in self._active:
                with self._lock:
                    tracker.drain()
                if time.monotonic() >= self._due(tracker, asked):
                    self._sweep(tracker)
                else:
                    self._asked |= asked
            self.seconds = time.thread_time()
            if time.monotonic() - pruned > PRUNE_S:
                pruned = time.monotonic()
                self._ours = self._addresses()
                with self._lock:
                    self._sights.prune(time.time_ns())

    def _due(self, tracker: Tracker, asked: bool = False) -> float:
        """When its next pass is due, on the monotonic clock."""
        pace = min(ASKED_S, tracker.pace_s) if asked else tracker.pace_s
        return self._swept[tracker.method] + max(pace, self._cost[tracker.method] / tracker.budget)

    def _sweep(self, tracker: Tracker) -> None:
        began = time.thread_time()
        self._swept[tracker.method] = time.monotonic()
        tracker.sweep()
        self._cost[tracker.method] = time.thread_time() - began
