"""What this process costs: CPU and memory."""

from __future__ import annotations

import os
import resource
import time


class Meter:
    """What we cost, between two readings at least half a second apart, on the wall clock."""

    def __init__(self) -> None:
        self._at, self._cpu, self._last = time.monotonic(), time.process_time(), 0.0

    def read(self) -> float:
        """CPU percent of one core."""
        now = time.monotonic()
        if now - self._at >= 0.5:
            cpu = time.process_time()
            self._last = 100 * (cpu - self._cpu) / (now - self._at)
            self._at, self._cpu = now, cpu
        return self._last


def resident_bytes() -> int:
    """Resident memory of this process in bytes."""
    try:
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
