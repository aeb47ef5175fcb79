"""The process of the outlets: it is begun before the agent shuts itself in, has no rights but to write its files and to
use the network, and is told in lines of NDJSON what to send. It reads nothing that came off the wire."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import select
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from netwatch.outlets.metrics import Metrics
from netwatch.outlets.plan import Outlet

MOST_WAITING = 16_000_000  # bytes on the way to the process
MOST_LINE = 4_000_000
REOPEN = b"reopen\n"
SCHEMA = re.compile(rb'\{"schema":"netwatch\.([a-z0-9-]+)/')
PATIENCE_S = 8.0  # for the last to be sent
STOP_S = 20.0  # for all of the end: the unit of systemd allows 30
LEAST_S = 1.0  # ... of which so much is for what waits, whatever else took


@dataclass
class Made:
    """The outlets, opened: `metrics` listens already."""

    outlets: list[Outlet] = field(default_factory=list)
    metrics: Metrics | None = None


class Outlets:
    """The process, as the agent sees it. Fork it before any thread. send() waits for nothing until wait_for_room()."""

    def __init__(self, made: Made, shut_in: Callable[[], None]) -> None:
        """`shut_in` raises the walls, in the new process."""
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        gc.freeze()  # what neither looks through for garbage stays one memory of both
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _live(theirs, made, shut_in)
        theirs.close()
        if made.metrics is not None:
            made.metrics.close()
        self._line = ours
        self._line.setblocking(False)
        self._waiting: deque[bytes] = deque()
        self._counts: deque[int] = deque()  # records in each of these
        self._size = 0
        self._lock = threading.Lock()
        self._until = self._ends = 0.0  # so long send() waits for room, and all of the end lasts
        self.untold = 0  # records for which there was no room
        self.gone = False

    def send(self, lines: bytes, count: int = 1) -> None:
        """Lines of NDJSON, which are `count` records."""
        with self._lock:
            while self._size + len(lines) > MOST_WAITING and not self.gone and time.monotonic() < self._until:
                select.select([], [self._line], [], 0.2)
                self._push()
            if self.gone or self._size + len(lines) > MOST_WAITING:
                self.untold += count
                return
            self._waiting.append(lines)
            self._counts.append(count)
            self._size += len(lines)
            self._push()

    def wait_for_room(self) -> None:
        """Nothing is captured any more, and all flows that are open are about to be told of: rather wait than lose
        them, though not for ever."""
        now = time.monotonic()
        self._until, self._ends = now + PATIENCE_S, now + STOP_S

    def reopen(self) -> None:
        """Files may have been moved."""
        self.send(REOPEN, 0)

    def flush(self) -> None:
        """What waits, as far as there is room for it now."""
        with self._lock:
            self._push()

    def close(self) -> None:
        """Nothing more comes; wait until all is sent, but not for ever. What is not is `untold`."""
        now = time.monotonic()
        until = min(now + PATIENCE_S, max(self._ends, now + LEAST_S)) if self._ends else now + PATIENCE_S
        while self._waiting and not self.gone and time.monotonic() < until:
            select.select([], [self._line], [], 0.2)
            self.flush()
        self.untold += sum(self._counts)
        self._line.close()
        while time.monotonic() < until:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)

    def _push(self) -> None:
        try:
            while self._waiting:
                sent = os.write(self._line.fileno(), self._waiting[0])  # send() is refused inside the walls
                self._size -= sent
                first = self._waiting.popleft()
                if sent < len(first):
                    self._waiting.appendleft(first[sent:])
                else:
                    self._counts.popleft()
        except BlockingIOError:
            return
        except OSError:
            self.gone = True
            self.untold += sum(self._counts)
            self._counts.clear()
            self._waiting.clear()
            self._size = 0


def _live(line: socket.socket, made: Made, shut_in: Callable[[], None]) -> None:
    """The life of the process. It never returns."""
    status = 70
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the agent tells when it is over
        shut_in()
        outlets: list[Outlet] = [*made.outlets, *([made.metrics] if made.metrics is not None else [])]
        if made.metrics is not None:
            made.metrics.serve()
        _serve(line, outlets, made.metrics)
        for outlet in outlets:
            outlet.close()
        status = 0
    finally:
        os._exit(status)


def _serve(line: socket.socket, outlets: Sequence[Outlet], metrics: Metrics | None) -> None:
    """Until the agent is gone."""
    rest = b""
    while data := line.recv(1 << 18):
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > MOST_LINE:
            rest = b""
        for each in lines:
            if each + b"\n" == REOPEN:
                for outlet in outlets:
                    outlet.reopen()
            elif found := SCHEMA.match(each):
                kind = found[1].decode()
                for outlet in outlets:
                    with contextlib.suppress(ValueError, KeyError):  # a record that one of them cannot say
                        outlet.take(kind, each + b"\n")
        if metrics is not None:
            metrics.others({outlet.name: outlet.state() for outlet in outlets if outlet is not metrics})
