"""Snapshots to a collector over HTTP: what cannot be sent waits in a folder, which is bounded, and where the disk takes
nothing, in memory, which is too."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import random
import socket
import threading
import time
from pathlib import Path

from netwatch.outlets.plan import SNAPSHOT, OutletError, Plan
from netwatch.outlets.posting import Collector, Refused

LONGEST_S = 60.0
SLACK = 0.1  # of the time between two: so much too early one may come
SUFFIX = ".json"
PART = ".part"  # of what is being written
MOST_HELD = 4_000_000  # bytes in memory


class Push:
    """One snapshot every so many seconds, the oldest first. What the collector refuses for good is counted."""

    name = "push"

    def __init__(self, plan: Plan) -> None:
        """Raises OutletError."""
        self._collector = Collector(plan.push, key=plan.push_key, ca=plan.ca)
        self._every, self._most = plan.push_every_s, plan.queue_bytes
        self._folder = Path(plan.queue)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in self._folder.glob(f"*{PART}"):  # by one that was killed
                left.unlink(missing_ok=True)
        except OSError as e:
            raise OutletError(f"{plan.queue}: {e.strerror}") from None
        self._held: dict[Path, bytes] = {}  # what the disk did not take, oldest first
        self._done: set[Path] = set()  # what is over, and cannot be removed
        self._host = host_id()
        self._machine = socket.gethostname()
        self._due = 0.0
        self._sent = self._dropped = 0
        self._error = ""
        self._ending = False
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def take(self, kind: str, line: bytes) -> None:
        now = time.monotonic()
        if kind != SNAPSHOT or (now < self._due - self._every * SLACK and b'"final":true' not in line):
            return
        # from when it was due: that one was late makes the next one no earlier
        self._due = (self._due if now - self._due < self._every else now) + self._every
        body = b'{"schema":"netwatch.push/1","host":{"id":"%s","name":"%s"},"snapshots":[%s]}' % (
            self._host.encode(), self._machine.encode("ascii", "replace").replace(b'"', b"?"), line.rstrip(b"\n"))
        with self._news:
            self._keep(body)
            self._news.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="push", daemon=True)
            self._thread.start()

    def reopen(self) -> None:
        """Its files are its own."""

    def close(self) -> None:
        with self._news:
            self._ending = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join(3.0)

    def state(self) -> dict[str, int | str]:
        said: dict[str, int | str] = {"sent": self._sent, "dropped": self._dropped, "waiting": len(self._queued())}
        error = self._error or (f"{len(self._done)} snapshots that are over cannot be removed" if self._done else "")
        return said | ({"error": error} if error else {})

    def _queued(self) -> list[Path]:
        """Oldest first: each is as if it were in the folder."""
        return sorted(path for path in (*self._held, *self._there()) if path not in self._done)

    def _there(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return [path for path in self._folder.iterdir() if path.suffix == SUFFIX]
        return []

    def _keep(self, body: bytes) -> None:
        """Put it into the folder; where there is no room, the oldest go, and where none can go, it stays in memory."""
        self._sweep()
        path = self._folder / f"{time.time_ns():020d}{SUFFIX}"
        if not self._make_room(len(body)):
            self._hold(path, body)
            return
        waiting = path.with_suffix(PART)
        try:
            waiting.write_bytes(body)
            os.replace(waiting, path)
        except OSError as e:
            self._error = e.strerror or str(e)
            with contextlib.suppress(OSError):
                waiting.unlink()
            self._hold(path, body)

    def _make_room(self, size: int) -> bool:
        """Is there, in the folder? The oldest that wait go for it."""
        sizes, over = {}, 0
        for path in sorted((*self._held, *self._there())):
            with contextlib.suppress(OSError):
                if path in self._done:
                    over += path.stat().st_size
                else:
                    sizes[path] = len(self._held[path]) if path in self._held else path.stat().st_size
        if over and over + size > self._most:
            return False
        while sizes and over + sum(sizes.values()) + size > self._most:
            oldest = min(sizes)
            if not self._forget(oldest):
                return False
            sizes.pop(oldest)
            self._dropped += 1
        return True

    def _hold(self, path: Path, body: bytes) -> None:
        """Keep in memory what the disk does not take; the oldest of that make room."""
        self._held[path] = body
        while sum(map(len, self._held.values())) > MOST_HELD:
            self._dropped += self._forget(next(iter(self._held)))

    def _sweep(self) -> None:
        """Remove what is over, up to one that cannot be."""
        for path in sorted(self._done):
            if not self._forget(path):
                break

    def _forget(self, path: Path) -> bool:
        """Is it gone now?"""
        if self._held.pop(path, None) is None:
            try:
                path.unlink(missing_ok=True)
            except OSError as e:
                self._error = f"{path}: {e.strerror}"
                return False
        self._done.discard(path)
        return True

    def _run(self) -> None:
        failures = 0
        while True:
            with self._news:
                while not (queued := self._queued()) and not self._ending:
                    self._news.wait()
            if not queued:
                return
            if self._post(queued[0]):
                failures = 0
                continue
            if self._ending:
                return  # the folder keeps it for the next time
            failures += 1
            until = time.monotonic() + random.uniform(0, min(LONGEST_S, 0.5 * 2 ** min(failures, 10)))
            with self._news:
                while not self._ending and (left := until - time.monotonic()) > 0:
                    self._news.wait(left)

    def _post(self, path: Path) -> bool:
        """False: it must be tried again."""
        try:
            held = self._held.get(path)
            self._collector.post(path.read_bytes() if held is None else held)
        except FileNotFoundError:
            return True  # it had to make room
        except OSError as e:
            self._error = str(e)
            return False
        except Refused as e:
            self._error = str(e)
            self._dropped += 1
        else:
            self._sent += 1
            self._error = ""
        with self._news:
            if not self._forget(path):
                self._done.add(path)  # nobody is told twice
        return True


def host_id() -> str:
    """The same for one machine always, and not its machine-id, which is secret (machine-id(5))."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with contextlib.suppress(OSError):
            found = Path(path).read_text().strip()
            if found:
                return hmac.new(found.encode(), b"netwatch", hashlib.sha256).hexdigest()[:32]
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:32]
