"""A source being watched: the engine in a thread of its own, and questions answered about it meanwhile.

The lock is held by whoever looks at the rows: the engine for one chunk, a question for as long as it takes. A live
source waits in the kernel's ring meanwhile. Without the lock, only the source is touched.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Callable
from typing import Any

from netwatch._fast.flowtext import link_name
from netwatch._fast.view import EngineView, counts, screen_record
from netwatch.face import Health, Page, Record
from netwatch.filter import Filter
from netwatch.names.service import Names
from netwatch.owners import FlowOwners, Method
from netwatch.pipeline import Pipeline
from netwatch.service import adorn
from netwatch.settings import Settings

ON_SCREEN = 15  # seconds a closed TCP flow stays among the live ones
SETTLE_NS = 300_000_000  # an idle live source's clock stays this far behind the wall clock


class Session:
    """What the terminal asks. `open_source` is called by start(), so that its errors are raised there; `services` makes
    the pipeline's services for the source."""

    def __init__(self, label: str, open_source: Callable[[], Any], live: bool, *, dpi: bool = True,
                 settings: Settings | None = None, services: Callable[[Any], list[Any]] | None = None,
                 resolve: bool = False, owners: Callable[[], FlowOwners | None] | None = None) -> None:
        """`resolve`: ask the system's resolver for names that the wire does not tell; it sends packets. `owners` makes
        what finds the processes of a live source's flows, started."""
        self.label = label
        self.live = live
        self._open_source = open_source
        self._dpi = dpi
        self._settings = settings or Settings({})
        self._services = services
        self._make_owners = owners
        self._owners: FlowOwners | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._done = False
        self._failure: str | None = None
        self._meter = _Meter()
        self._reverse = None
        if resolve:
            from netwatch.names.reverse import Reverse

            self._reverse = Reverse()

    def start(self) -> None:
        """Open the source and begin to read it. Raises SourceError."""
        self._source = self._open_source()
        self._owners = self._make_owners() if self._make_owners else None
        self._names = Names(self._reverse)
        timeouts = ({"tcp_closed": ON_SCREEN} if self.live else {}) | self._settings.timeouts
        services = self._services(self._source) if self._services and self._dpi else []
        services += [self._names, *([self._owners] if self._owners else [])]
        self._pipeline = Pipeline(self._source, services=services, dpi=self._dpi, timeouts=timeouts,
                                  max_flows=self._settings.of("flows.max"),
                                  history=self._settings.of("flows.history"))
        self._engine = self._pipeline.engines[0]
        self._view = EngineView(self._engine, self._source.interfaces, self._names, self._owners)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and close the source; may be called again."""
        if self._thread is None:
            return
        self._stopping = True
        self._source.interrupt()
        self._thread.join(timeout=5)
        self._thread = None
        self._pipeline.close()
        self._source.close()

    def query(self, where: Filter | None, sort: str, descending: bool, offset: int, limit: int,
              history: bool) -> Page:
        """A page of the flows that pass `where`. Takes some 50 ms at a million flows."""
        began = time.perf_counter()
        with self._lock:
            numbers, total = self._view.rows(where, sort, descending, offset, limit, history or not self.live)
            rows = [self._record(number) for number in numbers]
            clock = self._engine.clock
        return Page(rows, total, clock, 1000 * (time.perf_counter() - began))

    def flow(self, id: int) -> Record | None:
        """The record of one flow, with the kernel's own view of it where there is one; None when it is gone."""
        with self._lock:
            number = self._view.find(id)
            record = self._record(number) if number else None
        seen = self._owners.kernel_view(record) if record and self._owners else None
        if record and seen:
            record["tcp_info"] = seen
        return record

    def _record(self, number: int) -> Record:
        """The record of a row, with what the services know of it."""
        record: Record = screen_record(self._engine, number, self._source.interfaces)
        adorn(self._pipeline.services, record, self._engine, number)
        return record

    def health(self) -> Health:
        with self._lock:
            seen = counts(self._engine)
        first = seen.pop("first_ns")
        drops = self._source.stats() if self.live else {}
        meter = self._meter.read(seen["packets"], seen["bytes"])
        if self._done and not self.live:
            seconds = max((seen["clock_ns"] - first) / 1e9, 1e-9)
            meter = (seen["packets"] / seconds, seen["bytes"] / seconds, meter[2])
        size = self._source.size
        owners = self._owners.method() if self._owners else Method("", "")
        return Health(
            **seen, packets_per_s=meter[0], bytes_per_s=meter[1], cpu_percent=meter[2],
            kernel_drops=drops.get("kernel_drops", 0), interface_drops=drops.get("interface_drops", 0),
            ring_drops=drops.get("ring_drops", 0), done=self._done, error=self._failure or self._source.error,
            position=None if self.live else 1.0 if self._done else self._source.bytes_read / size if size else None,
            link_types=sorted({link_name(each["link"]) for each in self._source.interfaces}), rss_bytes=_rss(),
            owners=owners.name, owners_why=owners.why,
        )

    def _run(self) -> None:
        try:
            while not self._stopping:
                with_frames = self._pipeline.read()
                with self._lock:
                    if self._pipeline.process(with_frames) is None:
                        break
                    if with_frames < 0 and self.live:
                        self._pipeline.advance(time.time_ns() - SETTLE_NS)
        except Exception as error:  # the screen must say so; a thread's traceback nobody sees
            self._failure = f"the engine stopped: {type(error).__name__}: {error}"
        self._done = True


class _Meter:
    """Rates between two readings at least half a second apart, on the wall clock."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._cpu = time.process_time()
        self._packets = self._bytes = 0
        self._last = (0.0, 0.0, 0.0)

    def read(self, packets: int, octets: int) -> tuple[float, float, float]:
        """(packets per second, bytes per second, CPU percent of one core)."""
        now = time.monotonic()
        seconds = now - self._at
        if seconds >= 0.5:
            cpu = time.process_time()
            self._last = ((packets - self._packets) / seconds, (octets - self._bytes) / seconds,
                          100 * (cpu - self._cpu) / seconds)
            self._at, self._cpu, self._packets, self._bytes = now, cpu, packets, octets
        return self._last


def _rss() -> int:
    """Resident memory of this process in bytes."""
    try:
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
