"""What each interface of a source has brought: frames, bytes, frames cut short, when, and clocks that went back."""
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.input.box cimport Box
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.source cimport Chunk

cdef enum:
    STEP_NS = 1000000000       # a clock that goes back less than this is frames that were captured out of order

cdef struct Count:
    u64 frames
    u64 bytes                  # on the wire
    u64 cut                    # frames of which less was captured than sent
    u64 first                  # ns
    u64 last
    u64 newest                 # of the frame before
    u64 steps                  # times the clock went back by a second or more
    u64 largest_step           # ns


cdef class InterfaceCounts:
    """One count for each interface number that has been seen."""
    cdef Count* counts
    cdef u32 n

    def __dealloc__(self):
        free(self.counts)

    def take(self, Box box) -> None:
        """Count the frames of a box."""
        cdef const Chunk* chunk = box.chunk
        cdef u32 i, highest = 0
        with nogil:
            for i in range(chunk.n):
                highest = max(highest, <u32>chunk.frames[i].iface)
        if chunk.n and highest >= self.n:
            self.grow(highest + 1)
        with nogil:
            for i in range(chunk.n):
                count_frame(&self.counts[chunk.frames[i].iface], &chunk.frames[i])

    cdef int grow(self, u32 n) except -1:
        cdef void* grown = realloc(self.counts, n * sizeof(Count))
        if grown == NULL:
            raise MemoryError("no memory for interfaces")
        self.counts = <Count*>grown
        memset(&self.counts[self.n], 0, (n - self.n) * sizeof(Count))
        self.n = n
        return 0

    def of(self, u32 number) -> dict:
        """frames, bytes, cut, first_ns, last_ns, clock_steps, largest_step_ns of an interface."""
        cdef Count none
        cdef Count* found = &none
        memset(&none, 0, sizeof(Count))
        if number < self.n:
            found = &self.counts[number]
        return {"frames": found.frames, "bytes": found.bytes, "cut": found.cut, "first_ns": found.first,
                "last_ns": found.last, "clock_steps": found.steps, "largest_step_ns": found.largest_step}


cdef inline void count_frame(Count* count, const Frame* f) noexcept nogil:
    if count.frames == 0 or f.ts < count.first:
        count.first = f.ts
    if count.frames and f.ts + STEP_NS <= count.newest:
        count.steps += 1
        count.largest_step = max(count.largest_step, count.newest - f.ts)
    count.newest = f.ts
    count.last = max(count.last, f.ts)
    count.frames += 1
    count.bytes += f.len
    count.cut += f.caplen < f.len
