"""Facts about processes, by psutil on every system, remembered for a while after the process has gone.

A pid is asked about once, and its answer kept under the pid and its start time; an answer is thrown away when the start
time turns out to be another one, because then it was another process. Never fails: what cannot be read stays unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from netwatch.model.machine import Identity, Process
from netwatch.platform.base import Place, clean

if TYPE_CHECKING:
    import psutil

MAX_KEPT = 8192
ANCESTORS = 4
LINE_S = 1.0
# what was so when the socket was used is better than what is so now: a process may run another program since
AT_THE_TIME = ("name", "exe", "cmdline", "container", "pod", "unit")

T = TypeVar("T")
Start = Callable[["psutil.Process"], int]           # the start of a psutil.Process in the platform's unit, see Identity
WhereIs = Callable[[int], Place]       # of a pid


class Facts:
    """The memory. `start_of` and `where_is` are the platform's own knowledge; both may be absent."""

    def __init__(self, start_of: Start | None = None, where_is: WhereIs | None = None) -> None:
        self._start_of = start_of or (lambda process: round(process.create_time() * 1000))
        self._where_is = where_is or (lambda _: Place())
        self._kept: dict[Identity, Process] = {}
        self._whole: set[Identity] = set()
        self._users: dict[int, str] = {}
        self._lines: dict[int, tuple[float, tuple[tuple[int, str], ...]]] = {}
        try:
            import psutil
        except ImportError:
            psutil = None
        self._psutil = psutil
        self.missing = "" if psutil else "psutil is not installed: only names and what eBPF tells is known of processes"

    def identify(self, pid: int) -> Identity:
        """Who has this pid now; a start of 0 when that cannot be told."""
        if self._psutil is None:
            return Identity(pid)
        try:
            return Identity(pid, self._start_of(self._psutil.Process(pid)))
        except (self._psutil.Error, OSError, ValueError):
            return Identity(pid)

    def learn(self, who: Identity, told: Process) -> None:
        """Keep what the kernel told in passing; it need not be asked again while it is the best there is."""
        self._kept.pop(who, None)
        self._whole.discard(who)
        self._kept[who] = told
        if len(self._kept) > MAX_KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._whole.discard(oldest)

    def of(self, who: Identity) -> Process:
        """The facts of a process, asked of the system at most once. A process that has gone is what was kept of it."""
        kept = self._kept.get(who)
        if kept is not None and who in self._whole:
            return kept
        asked = self._ask(who)
        if asked is None:
            found = self._completed(kept or Process(who.pid))
        elif kept is None:
            found = asked
        else:
            found = replace(asked, **{k: v for k in AT_THE_TIME if (v := getattr(kept, k))})
        self.learn(who, found)
        self._whole.add(who)
        return found

    def knows(self, who: Identity) -> bool:
        return who in self._kept

    def _completed(self, gone: Process) -> Process:
        """A process that has gone: its user and its parents may still be there to be asked."""
        user = gone.user or (self._user(gone.uid) if gone.uid is not None else "")
        return replace(gone, user=user, parents=gone.parents or self._parents(gone.ppid))

    def _user(self, uid: int) -> str:
        if uid not in self._users:
            try:
                import pwd

                self._users[uid] = clean(pwd.getpwuid(uid).pw_name)
            except (ImportError, KeyError, OverflowError):
                self._users[uid] = str(uid)
        return self._users[uid]

    def _ask(self, who: Identity) -> Process | None:
        """The system's answer; None when the process has gone or the pid is another's by now."""
        if self._psutil is None:
            return None
        try:
            process = self._psutil.Process(who.pid)
            with process.oneshot():
                if who.start and self._start_of(process) != who.start:
                    return None
                place = self._where_is(who.pid)
                return Process(
                    who.pid, name=clean(process.name()), exe=clean(self._try(process.exe, "")),
                    cmdline=clean(" ".join(self._try(process.cmdline, ()))), uid=self._uid(process),
                    user=clean(self._try(process.username, "")), ppid=process.ppid(),
                    parents=self._parents(process.ppid()), started_ns=round(process.create_time() * 1e9),
                    container=place.container, pod=place.pod, unit=place.unit)
        except (self._psutil.Error, OSError):
            return None

    def _try(self, ask: Callable[[], T], otherwise: T) -> T:
        """One fact; `otherwise` when we may not know it."""
        try:
            return ask()
        except (self._psutil.Error, OSError, KeyError):
            return otherwise

    def _uid(self, process: psutil.Process) -> int | None:
        found = self._try(process.uids, None) if hasattr(process, "uids") else None
        return found.effective if found else None

    def _parents(self, ppid: int | None) -> tuple[tuple[int, str], ...]:
        """The nearest ancestors, parent first; asked again after a second, since pids are used again."""
        if not ppid or self._psutil is None:
            return ()
        now = time.monotonic()
        at, found = self._lines.get(ppid, (0.0, ()))
        if now - at > LINE_S:
            found = ()
            process = self._try(lambda: self._psutil.Process(ppid), None)
            while process and len(found) < ANCESTORS:
                found = (*found, (process.pid, clean(self._try(process.name, ""))))
                process = self._try(process.parent, None)
            if len(self._lines) > MAX_KEPT:
                self._lines.clear()
            self._lines[ppid] = (now, found)
        return found
