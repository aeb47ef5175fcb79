"""Owners where the system can only be asked for its table of sockets: pass by pass, what is new, open still, or gone.

Used on every system but Linux. A socket has no number of its own there: its ends and its process stand for it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable

from netwatch.model.host import Unavailable
from netwatch.model.machine import Identity, Status
from netwatch.platform.attribution import POLLED, Sight, Sights
from netwatch.platform.base import Socket
from netwatch.platform.facts import Facts
from netwatch.platform.watch import Watch

PACE_S = 1.0
TIMEOUT_S = 10
MAX_OUTPUT = 64 << 20


class PolledTracker:
    """The tracker. `sockets` gives the table and may raise Unavailable."""

    complete = True
    polled = True
    budget = 0.05

    def __init__(self, method: str, sights: Sights, facts: Facts, sockets: Callable[[], list[Socket]],
                 pace_s: float = PACE_S) -> None:
        self.method = method
        self.pace_s = pace_s
        self._sights = sights
        self._facts = facts
        self._sockets = sockets
        self._known: dict[tuple[object, ...], int] = {}
        self._numbers = 0
        self._passed = 0
        self._failure = ""
        self.passes = 0

    def start(self) -> None:
        self._sockets()

    def drain(self) -> None:
        pass

    def sweep(self) -> None:
        began = time.time_ns()
        try:
            sockets = self._sockets()
            self._failure = ""
        except Unavailable as e:
            self._failure = str(e)
            return
        with self._sights.lock:
            self._enter(sockets, began, time.time_ns())
            self._sights.looked[0] = began
        self._sights.passed[self.method] = self._passed = began
        self.passes += 1

    def status(self) -> Status:
        reason = self._failure or "polled: what lives shorter than the time between two passes may lack an owner"
        return Status(self.method, not self._failure, reason, "", {"passes": self.passes, "sockets": len(self._known)})

    def close(self) -> None:
        pass

    def _enter(self, sockets: list[Socket], began: int, done: int) -> None:
        whose: dict[int, Identity] = {}
        there: dict[tuple[object, ...], int] = {}
        for s in sockets:
            if not s.pids:
                continue
            key: tuple[object, ...] = (s.proto, s.local, s.lport, s.remote, s.rport, s.pids)
            if key in there:
                continue
            number = self._known.get(key)
            if number is None:
                self._numbers += 1
                number = self._numbers
                pid = s.pids[0]
                if pid not in whose:
                    whose[pid] = self._facts.identify(pid)
                    self._facts.of(whose[pid])
                self._sights.saw(Sight(
                    whose[pid], 0, number, self.method, s.local, first=done, begin=self._passed, last=began,
                    ending=POLLED, listening=s.state == "LISTEN", sharing=True, passes=True, others=s.pids[1:]),
                    s.proto, s.lport, s.remote, s.rport)
            there[key] = number
        for key in self._known.keys() - there.keys():
            self._sights.closed(self._known[key], done, self._passed)
        self._known = there


def polled_owners(method: str, sockets: Callable[[], list[Socket]],
                  addresses: Callable[[], frozenset[bytes]]) -> Watch:
    """Owners by one table of sockets."""
    sights, facts = Sights(0, lambda _: addresses()), Facts()
    return Watch(sights, facts, [PolledTracker(method, sights, facts, sockets)], addresses)


def merged(sockets: Iterable[Socket]) -> list[Socket]:
    """One row a socket: those that several processes hold are told once, with all their pids."""
    found: dict[tuple[object, ...], Socket] = {}
    for s in sockets:
        key = (s.proto, s.local, s.lport, s.remote, s.rport)
        there = found.get(key)
        found[key] = s._replace(pids=tuple(dict.fromkeys((*there.pids, *s.pids)))) if there else s
    return list(found.values())


def output_of(*command: str) -> str:
    """What a command of the system says. Raises Unavailable; exit status 1 with an answer is none found."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL,
                              env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    except FileNotFoundError:
        raise Unavailable(f"{command[0]} is not installed") from None
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Unavailable(f"{command[0]}: {e}") from None
    if done.returncode and not done.stdout:
        raise Unavailable(f"{command[0]}: {done.stderr.decode(errors='replace').strip() or done.returncode}")
    return done.stdout[:MAX_OUTPUT].decode("utf-8", "replace")
