"""Reverse DNS by the system's resolver: off unless asked for, because it sends packets.

A few threads ask, so that a slow resolver holds up nobody; what waits and what is remembered is bounded. Time here is
the wall clock: an answer says what the name is now, not what it was when the packets were captured.
"""
from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch.model.record import Record
from netwatch.names.scopes import scope_of

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

THREADS = 4
WAITING = 256                  # look-ups under way or in line; more are not begun
REMEMBERED = 8_192
KEEP, KEEP_NONE = 3600.0, 600.0   # seconds an answer holds, and the absence of one
ASKED = frozenset({"global", "private", "unique-local", "cgnat", "6to4"})
REPEATED = 30.0                # seconds a look-up of ours may still be on the wire


def system_name(address: str) -> str | None:
    """What the resolver calls the address; None when it has no name for it."""
    try:
        host, _ = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)
    except (OSError, UnicodeError):
        return None
    return host.rstrip(".").lower()[:255] or None


class Reverse:
    """Names by address. `ask` is what does the asking; it is called in threads of the pool."""

    def __init__(self, ask: Callable[[str], str | None] = system_name) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, str | None]] = OrderedDict()    # address → (until, name)
        self._open: dict[str, Future[None]] = {}
        self._sent: OrderedDict[str, float] = OrderedDict()                        # name of the reverse tree → when
        self._pool: ThreadPoolExecutor | None = None
        self.refused = 0       # look-ups not begun because too many waited
        self._came: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)  # since came() was asked

    def name(self, address: str, wait: float = 0.0) -> str | None:
        """The name, if it is known by now or within `wait` seconds; a look-up is begun when there has been none."""
        if scope_of(address) not in ASKED:
            return None
        with self._lock:
            known = self._known.get(address)
            if known is not None and known[0] > time.monotonic():
                return known[1]
            job = self._open.get(address)
            if job is None:
                if len(self._open) >= WAITING:
                    self.refused += 1
                    return None
                job = self._begin(address)
        if wait <= 0:
            return None
        try:
            job.result(wait)
        except TimeoutError:
            return None
        with self._lock:
            return self._known.get(address, (0.0, None))[1]

    def came(self) -> list[tuple[bytes, str]]:
        """The names that look-ups have brought since the last time, by packed address."""
        with self._lock:
            found = [(ipaddress.ip_address(address).packed, name) for address, name in self._came]
            self._came.clear()
        return found

    def _begin(self, address: str) -> Future[None]:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(THREADS, "netwatch-reverse")
        self._sent[ipaddress.ip_address(address).reverse_pointer] = time.monotonic()
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        self._open[address] = job = self._pool.submit(self._run, address)
        return job

    def _run(self, address: str) -> None:
        name = self._ask(address)
        with self._lock:
            self._known[address] = (time.monotonic() + (KEEP if name else KEEP_NONE), name)
            self._known.move_to_end(address)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            self._open.pop(address, None)
            self._sent[ipaddress.ip_address(address).reverse_pointer] = time.monotonic()
            if name is not None:
                self._came.append((address, name))

    def is_own(self, record: Record) -> bool:
        """Is the flow one of our own look-ups? By its process where that is known, else by asking for nothing but
        names of the reverse tree that we have just asked for."""
        process = record.get("process")
        if process is not None and "pid" in process:
            return bool(process["pid"] == os.getpid() and record.get("app") == "dns")
        names = (record.get("dns") or {}).get("names")
        if not names:
            return False
        since = time.monotonic() - REPEATED
        with self._lock:
            return all(self._sent.get(name.lower(), float("-inf")) >= since for name in names)

    def close(self) -> None:
        """Begin no more look-ups; those under way are not waited for."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
