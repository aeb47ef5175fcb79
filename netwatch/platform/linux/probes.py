"""Probes on Linux: they are sent, few at a time, and what comes of each is gathered by a thread."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import threading
import time
from collections import deque

from netwatch.model.probe import (
    ANSWER,
    EXPIRED,
    METHODS,
    SILENT,
    STREAMS,
    TOO_BIG,
    UDP,
    UNREACHABLE,
    UNSENT,
    Reply,
)
from netwatch.platform.linux.probeflows import FLOWS, LOCAL, Flow, Heard, Sent, heard_by

OPEN_MOST = 512  # probes that wait for an answer
FLOWS_MOST = 64  # sockets; the one not used for longest makes room
TOLD_MOST = 2048  # answers that nobody has asked for yet
RATE, BURST = 200, 256  # probes a second, and at once
WAIT_MOST_MS = 10_000
SIZE_MOST = 9_216  # bytes, headers of IP and ICMP included
OUT_OF_HOPS = {4: 11, 6: 3}  # ICMP types
PACKET_TOO_BIG = {4: (3, 4), 6: (2, 0)}
PORT_UNREACHABLE = {4: (3, 3), 6: (1, 4)}


class Prober:
    """Sends, and gathers answers in a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flows: dict[tuple[str, bytes, int, int], Flow] = {}
        self._told: deque[Reply] = deque(maxlen=TOLD_MOST)
        self._number = time.monotonic_ns()  # none is of another Prober's, too
        self._tokens, self._filled = float(BURST), time.monotonic()
        self._poll = select.epoll()
        self._of: dict[int, Flow] = {}
        self._waken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._poll.register(self._waken, select.EPOLLIN)
        self._over = False
        self._thread = threading.Thread(target=self._gather, name="probes", daemon=True)
        self._thread.start()

    def send(self, method: str, address: bytes, zone: int, ttl: int, size: int, wait_ms: int, stream: int) -> int:
        """Its number. Raises ValueError, of too many BlockingIOError, without the right to PermissionError."""
        if method not in METHODS or not (0 < ttl < 256 and 0 <= size <= SIZE_MOST and 0 < wait_ms <= WAIT_MOST_MS
                                         and 0 <= stream < STREAMS):
            raise ValueError("no such probe")
        with self._lock:
            self._number += 1
            self._take_token()
            try:
                flow = self._flow(method, address, zone, stream)
                key = flow.key()
                if key in flow.waiting:
                    raise BlockingIOError(errno.EAGAIN, "too many probes wait")
                flow.waiting[key] = Sent(self._number, time.time_ns(), time.monotonic() + wait_ms / 1000)
                try:
                    flow.send(key, ttl, size)
                except OSError:
                    del flow.waiting[key]
                    raise
            except (PermissionError, BlockingIOError):
                raise
            except OSError as e:
                kind = TOO_BIG if e.errno == errno.EMSGSIZE else UNSENT
                self._told.append(Reply(self._number, kind, reason=e.strerror or str(e)))
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, b".")
        return self._number

    def replies(self) -> tuple[Reply, ...]:
        """Those that came since the last time."""
        with self._lock:
            found = tuple(self._told)
            self._told.clear()
        return found

    def close(self) -> None:
        self._over = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, b".")
        self._thread.join()
        for flow in self._flows.values():
            flow.close()
        self._poll.close()
        os.close(self._wake)
        os.close(self._waken)

    def _take_token(self) -> None:
        now = time.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._filled) * RATE)
        self._filled = now
        if self._tokens < 1 or sum(len(flow.waiting) for flow in self._flows.values()) >= OPEN_MOST:
            raise BlockingIOError(errno.EAGAIN, "too many probes at a time")
        self._tokens -= 1

    def _flow(self, method: str, address: bytes, zone: int, stream: int) -> Flow:
        """The newest stands last."""
        of = method, address, zone, stream
        flow = self._flows.pop(of, None)
        if flow is None:
            if len(self._flows) >= FLOWS_MOST:
                self._forget(next(iter(self._flows)))
            flow = FLOWS[method](address, zone, stream)
            for each in flow.sockets:
                self._of[each.fileno()] = flow
                self._poll.register(each.fileno(), select.EPOLLIN)
        self._flows[of] = flow
        return flow

    def _forget(self, of: tuple[str, bytes, int, int]) -> None:
        flow = self._flows.pop(of)
        for each in flow.sockets:
            self._poll.unregister(each.fileno())
            del self._of[each.fileno()]
        self._told += [Reply(sent.number, SILENT) for sent in flow.waiting.values()]
        flow.close()

    def _gather(self) -> None:
        while not self._over:
            with self._lock:
                wait = self._overdue()
            for fd, _ in self._poll.poll(wait):
                if fd == self._waken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(fd, 4096)
                    continue
                with self._lock:
                    flow = self._of.get(fd)
                    for each in flow.sockets if flow is not None else ():
                        for heard in heard_by(each):
                            self._settle(flow, heard)

    def _overdue(self) -> float:
        """Give up those whose time is over. Seconds to the next one, -1 where none waits."""
        now, next_one = time.monotonic(), -1.0
        for flow in self._flows.values():
            for key, sent in list(flow.waiting.items()):
                if sent.until <= now:
                    del flow.waiting[key]
                    self._told.append(Reply(sent.number, SILENT))
                else:
                    next_one = sent.until - now if next_one < 0 else min(next_one, sent.until - now)
        return next_one

    def _settle(self, flow: Flow | None, heard: Heard) -> None:
        key = flow.whose(heard) if flow is not None else None
        sent = flow.waiting.pop(key, None) if flow is not None and key is not None else None
        if flow is None or sent is None:
            return
        rtt = max(0, heard.time_ns - sent.time_ns) / 1000
        if heard.error is None:
            self._told.append(Reply(sent.number, ANSWER, flow.address, rtt, flow.code(heard)))
            return
        origin, kind, code, info = heard.error
        if origin == LOCAL:
            self._told.append(Reply(sent.number, TOO_BIG if info else UNSENT, mtu=info, reason="this machine"))
        elif (kind, code) == PACKET_TOO_BIG[flow.version]:
            self._told.append(Reply(sent.number, TOO_BIG, heard.sender, rtt, mtu=info))
        elif kind == OUT_OF_HOPS[flow.version]:
            self._told.append(Reply(sent.number, EXPIRED, heard.sender, rtt, code))
        elif flow.method == UDP and (kind, code) == PORT_UNREACHABLE[flow.version] and heard.sender == flow.address:
            self._told.append(Reply(sent.number, ANSWER, heard.sender, rtt, code))
        else:
            self._told.append(Reply(sent.number, UNREACHABLE, heard.sender, rtt, code))
