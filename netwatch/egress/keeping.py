"""What programs talk to while a session lasts goes into the ledger: where egress.keep says so, and nobody else keeps
it. Each minute what moved since, of flows that are open as of those that are over; so a kill costs a minute."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.egress import ledger
from netwatch.egress.destinations import KEYS, Destinations
from netwatch.egress.flows import MOST, Ended, Largest
from netwatch.model.contract import INFO, WARNING, Store
from netwatch.store import files
from netwatch.store.tables import TableError

if TYPE_CHECKING:
    from netwatch.model.contract import Run
    from netwatch.model.record import Record

WRITE_S = 60.0  # between two looks at flows that are open, and what is written then
WAIT_S = 2.0  # for somebody who has the ledger locked, or a disk that is slow, at the end
MOVED = "bytes_out", "bytes_in"
AND_ID = KEYS | {"id"}


class Lock:
    """Who has it adds to the ledger; nobody else does, or what two of them see would count twice."""

    def __init__(self, path: Path) -> None:
        """`path`: of the ledger."""
        self._path = path.with_suffix(".lock")
        self._number: int | None = None

    def take(self) -> bool:
        """Is it ours? Raises OSError."""
        if self._number is not None:
            return True
        with files.as_caller():
            files.make_folder(self._path.parent)
            number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(number)
            return False
        except OSError:  # a file system without locks: it is tried again and again
            os.close(number)
            raise
        self._number = number
        return True

    def give(self) -> None:
        if self._number is not None:
            os.close(self._number)
            self._number = None


class Keeping:
    """Of one run, from its begin() to its close()."""

    def __init__(self, run: Run) -> None:
        self._run, self._path = run, ledger.where()
        self._days = run.settings.of("egress.keep_days")
        self._lock = Lock(self._path)
        self._ended, self._open = Ended(run, AND_ID, "the ledger's sums"), Largest(run, AND_ID, WRITE_S)
        self._open.due = time.monotonic() + WRITE_S
        self._seen = Destinations()
        self._counted: dict[int, tuple[int, int]] = {}  # of flows that are open, by number, what was counted of them
        self._sent: Destinations | None = None  # what waits for the disk
        self._writing: threading.Thread | None = None
        self._trouble = self._said = ""
        self.missed = 0  # flows that found no room
        self._ours = self._others = False
        self._try()

    def take(self, *, over: bool) -> None:
        """After each chunk; `over`: there will be no more."""
        for flow in self._ended.take(at_once=over or self._run.purpose.final, over=over):
            self._count(flow, over=True)
        found = self._open.look(at_once=self._run.purpose.final, over=over)
        if found is None:
            return
        if not self._ours:
            self._try()
            if self._ours and self._others:
                self._others = False
                self._counted = {flow["id"]: _moved(flow) for flow in found}  # by whoever kept it before
                self._run.say("from now on this netwatch keeps the ledger", INFO)
        for flow in found:
            self._count(flow, over=False)
        self._write()

    def close(self) -> None:
        """What there is goes to the disk now, if that takes it."""
        self.take(over=True)
        if self._writing is not None:
            self._writing.join(WAIT_S)
        if self._ours and (self._writing is None or not self._writing.is_alive()):
            self._put()  # what had waited
            self._sent = self._sent or self._next()
            self._put()
        if self._sent is not None:
            self._run.say(f"some of what was seen is not in the ledger: {self._trouble or 'it is still written'}",
                          WARNING)
        self._lock.give()

    def stores(self) -> list[Store]:
        sent = self._sent  # which the thread may take away
        waits = len(self._seen.seen) + (len(sent.seen) if sent is not None else 0)
        return [Store("destinations that wait for the ledger", waits, None, None,
                      self.missed + self._seen.left_out + self._ended.lost)]

    def _try(self) -> None:
        """Is it ours by now?"""
        try:
            self._ours = self._lock.take()
        except OSError as e:
            self._trouble = f"{self._path}: {e.strerror}"
            return
        if self._ours:
            self._trouble = ""
        elif not self._others:
            self._others, self._trouble = True, ""
            self._seen = Destinations()  # they have seen it as well
            self._run.say(f"{self._path}: another netwatch keeps the ledger: this one adds nothing to it", WARNING)

    def _count(self, flow: Record, *, over: bool) -> None:
        """What it moved since it was counted last."""
        before = self._counted.pop(flow.get("id", 0), None)
        if not over:
            self._counted[flow["id"]] = _moved(flow)
            if len(self._counted) > MOST:
                del self._counted[next(iter(self._counted))]
        if self._others:
            return
        since = {key: now - was for key, now, was in zip(MOVED, _moved(flow), before or (0, 0), strict=True)}
        if before is None or any(since.values()):
            self._seen.take(flow | since, int(before is None))

    def _write(self) -> None:
        """Hand over what there is to a thread: a disk may be slow."""
        if self._writing is not None and self._writing.is_alive():
            return
        if self._trouble and self._trouble != self._said:
            self._run.say(f"the ledger waits in memory: {self._trouble}", WARNING)
        self._said = self._trouble
        self._sent = self._sent or self._next()
        if self._ours and self._sent is not None:
            self._writing = threading.Thread(target=self._put, name="ledger", daemon=True)
            self._writing.start()

    def _next(self) -> Destinations | None:
        """What was seen since the last time, None where that is nothing."""
        self.missed += self._seen.left_out
        if not self._seen.seen:
            return None
        seen, self._seen = self._seen, Destinations()
        return seen

    def _put(self) -> None:
        """Write what was handed over."""
        if self._sent is None:
            return
        try:
            ledger.add(self._path, self._sent, self._days, wait_s=WAIT_S)
            self._sent, self._trouble = None, ""
        except TableError as e:
            self._trouble = str(e)


def _moved(flow: Record) -> tuple[int, int]:
    return flow.get("bytes_out", 0), flow.get("bytes_in", 0)
