"""A live source that can be exchanged while it is read: stopped, started, on other interfaces, with another filter.

Frames go on being numbered, and an interface keeps its number, so that to those who read nothing but a pause happened.
What is opened next is opened, and its errors raised, before what is open now is closed. An interface that goes away is
waited for: once a second it is tried again, and when it is there the capture goes on.
"""
import threading
import time

from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.input.source cimport Chunk, FILL_END, FILL_IDLE, Source

from netwatch._fast.input.source import SourceError

cdef extern from "unistd.h" nogil:
    int usleep(unsigned int usec)

cdef enum:
    IDLE_US = 50000
    MOST = 64                    # interfaces of one source, as capture.pyx has it

RETRY_S = 1.0                    # between two tries to have an interface back
GONE = "the capture ended"
COUNTED = ("received", "kernel_drops", "interface_drops", "ring_drops")


cdef class Switch(Source):
    """`opener(names, filter)` gives a source or raises SourceError. change(), halt(), interrupt(): from any thread.
    `error` says which interfaces were lost, None when all are there."""
    cdef Source inner            # None while stopped
    cdef Source following        # to be taken next
    cdef bint swap
    cdef readonly bint stopped
    cdef readonly list names     # list[str]
    cdef readonly str filter
    cdef object opener
    cdef object guard
    cdef double retry_at         # monotonic seconds; when what was lost is tried again
    cdef dict past               # counts of the sources that were closed
    cdef u16[MOST] place         # our number of each of the inner source's interfaces
    cdef u32 placed
    cdef u64 newest              # ns, of the newest frame given out
    cdef u64 skip_until          # ns: frames of a fresh source up to here were given out by the last one

    def __init__(self, opener: Callable[[list[str], str], Source], names: list[str], str capture_filter=""):
        self.opener, self.names, self.filter = opener, list(names), capture_filter
        self.guard = threading.Lock()
        self.past = {"total": dict.fromkeys(COUNTED, 0), "interfaces": {}}
        self.inner = opener(self.names, capture_filter)
        self.adopt()

    def change(self, names: list[str], str capture_filter):
        """Go on with these. Raises SourceError, and then all stays as it is."""
        cdef Source fresh = self.opener(list(names), capture_filter)
        with self.guard:
            if self.following is not None:
                self.following.close()
            self.following, self.swap = fresh, True
            self.names, self.filter, self.stopped, self.error = list(names), capture_filter, False, None
            if self.inner is not None:
                self.inner.interrupt()

    def halt(self):
        """Close what is open, and give nothing out until change()."""
        with self.guard:
            if self.following is not None:
                self.following.close()
            self.following, self.swap, self.stopped, self.error = None, True, True, None
            if self.inner is not None:
                self.inner.interrupt()

    cdef int fill(self, Chunk* chunk) noexcept nogil:
        """As Source.fill; while stopped it is idle."""
        cdef int got
        chunk.n = 0
        if self.stop:
            return FILL_END
        if self.swap:
            with gil:
                self.exchange()
        if self.inner is None:
            usleep(IDLE_US)
            if not self.stopped:
                with gil:
                    self.try_again()
            return FILL_IDLE
        got = self.inner.fill(chunk)
        if got > 0:
            return self.translate(chunk)
        if self.stop:
            return FILL_END
        if not self.swap:
            with gil:
                if got == FILL_END:
                    self.lose()
                elif self.inner.error is not None:
                    self.error = self.inner.error
                    self.try_again()
        return FILL_IDLE

    cdef int translate(self, Chunk* chunk) noexcept nogil:
        """Our numbers in place of the inner source's; without what was given out already."""
        cdef u32 i, kept = 0
        for i in range(chunk.n):
            if self.skip_until and chunk.frames[i].ts <= self.skip_until:
                continue
            chunk.frames[kept] = chunk.frames[i]
            self.frames_read += 1
            chunk.frames[kept].n = self.frames_read
            if chunk.frames[kept].iface < self.placed:
                chunk.frames[kept].iface = self.place[chunk.frames[kept].iface]
            if chunk.frames[kept].ts > self.newest:
                self.newest = chunk.frames[kept].ts
            self.bytes_read += chunk.frames[kept].caplen
            kept += 1
        if kept:
            self.skip_until = 0
        chunk.n = kept
        return <int>kept if kept else FILL_IDLE

    cdef int lose(self) except -1:
        """What was open has ended by itself: close it, say why, and wait for it."""
        with self.guard:
            self.error = self.inner.error or GONE
            self.inner.close()
            self.remember(self.inner.stats())
            self.inner = None
            self.retry_at = time.monotonic() + RETRY_S
        return 0

    cdef int try_again(self) except -1:
        """Have back what was lost, if it is there; the others go on meanwhile. Only the thread that fills comes
        here."""
        cdef Source fresh
        if time.monotonic() < self.retry_at:
            return 0
        self.retry_at = time.monotonic() + RETRY_S
        names, text = self.names, self.filter
        try:
            if self.inner is not None:
                self.opener(self.lost(), text).close()     # before the rings of all the others are made for nothing
            fresh = self.opener(list(names), text)
        except (SourceError, OSError):
            return 0
        with self.guard:
            if self.swap or self.stopped or self.stop or names is not self.names:
                fresh.close()
                return 0
            self.following, self.swap, self.error = fresh, True, None
        return 0

    def lost(self) -> list[str]:
        """The interfaces that went away and are waited for."""
        if self.error is None or self.stopped:
            return []
        return [name for name in self.names if self.inner is None or f"{name}: " in self.error]

    cdef int exchange(self) except? -1:
        """Close the one, begin with the other. Only the thread that fills comes here."""
        with self.guard:
            old, self.inner, self.following = self.inner, self.following, None
            self.swap = False
            if old is not None:
                old.close()
                self.remember(old.stats())
            if self.inner is not None:
                self.skip_until = self.newest
                self.adopt()
        return 0

    cdef int adopt(self) except -1:
        """Number the inner source's interfaces: a known one keeps its number."""
        cdef u32 i
        self.placed = <u32>min(len(self.inner.interfaces), MOST)
        for i, one in enumerate(self.inner.interfaces[:MOST]):
            if one not in self.interfaces:
                self.interfaces.append(one)
                self.n_interfaces += 1
            self.place[i] = <u16>self.interfaces.index(one)
        return 0

    cdef int remember(self, dict seen) except -1:
        for key in COUNTED:
            self.past["total"][key] += seen.get(key, 0)
        for name, counts in seen.get("interfaces", {}).items():
            kept = self.past["interfaces"].setdefault(name, dict.fromkeys(COUNTED, 0))
            for key in COUNTED:
                kept[key] += counts.get(key, 0)
        return 0

    def stats(self) -> dict:
        """As Source.stats, all sources so far together."""
        with self.guard:
            now = self.inner.stats() if self.inner is not None else {}
            total = {key: self.past["total"][key] + now.get(key, 0) for key in COUNTED}
            each = {name: dict(counts) for name, counts in self.past["interfaces"].items()}
        for name, counts in now.get("interfaces", {}).items():
            before = each.get(name, {})
            each[name] = {key: before.get(key, 0) + counts.get(key, 0) for key in COUNTED}
        return {**total, "interfaces": each}

    def interrupt(self):
        """Make fill answer FILL_END soon."""
        self.stop = True
        with self.guard:
            if self.inner is not None:
                self.inner.interrupt()

    def close(self):
        """Give back what is open. No fill may be running."""
        with self.guard:
            for source in (self.inner, self.following):
                if source is not None:
                    source.close()
            self.inner, self.following = None, None
