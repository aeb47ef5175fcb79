"""What a chunk's packet records are made from: rows of plain values, copied out of the event rings, in order of frames.

No Python object stands for a packet until somebody asks for its record.
"""
from libc.stdlib cimport free, qsort, realloc

from netwatch._fast.base.bytes cimport i64, u64
from netwatch._fast.out.packetfields cimport PacketFields
from netwatch._fast.wire.packetrow cimport PacketRow

cdef enum:
    FIRST_ROOM = 256


cdef int by_frame(const void* a, const void* b) noexcept nogil:
    cdef u64 x = (<const PacketRow*>a).n, y = (<const PacketRow*>b).n
    return (x > y) - (x < y)


cdef class Clock:
    """The times of an input's first packet, and of its newest."""


cdef class PacketRows:
    """Of one engine as drained, or of several once they are sorted: a frame has one row."""

    def __dealloc__(self):
        free(self.rows)

    def __len__(self):
        return self.n

    cdef int add(self, const PacketRow* row) except -1:
        cdef u64 cap
        cdef void* grown
        if self.n == self.cap:
            cap = 2 * self.cap if self.cap else FIRST_ROOM
            grown = realloc(self.rows, cap * sizeof(PacketRow))
            if grown == NULL:
                raise MemoryError("no memory for packet records")
            self.rows = <PacketRow*>grown
            self.cap = cap
        self.rows[self.n] = row[0]
        self.n += 1
        return 0

    def sort(self) -> None:
        """By frame, after several engines have added theirs."""
        if self.n:                     # else there may be no memory to show it
            qsort(self.rows, self.n, sizeof(PacketRow), by_frame)

    def follow(self, Clock clock) -> None:
        """Say of each how long it came after the first, and after the one before it."""
        cdef PacketRow* row
        cdef u64 i
        for i in range(self.n):
            row = &self.rows[i]
            if row.timeless:
                continue
            if not clock.began:
                clock.began, clock.first, clock.newest = True, row.ts, row.ts
            row.since, row.delta, row.timed = <i64>(row.ts - clock.first), <i64>(row.ts - clock.newest), True
            clock.newest = row.ts

    def before(self, u64 frame, u64 flow, bint after) -> int:
        """How many come before an event of that flow at that frame; `after`: those of the same place do, too."""
        cdef u64 low = 0, high = self.n, middle
        cdef const PacketRow* row
        while low < high:
            middle = (low + high) // 2
            row = &self.rows[middle]
            if row.n < frame or (row.n == frame and (row.flow < flow or (row.flow == flow and after))):
                low = middle + 1
            else:
                high = middle
        return low

    def number(self, u64 i) -> int:
        """The number of a packet's flow, 0 none."""
        if i >= self.n:
            raise IndexError(f"packet {i} of {self.n}")
        return self.rows[i].flow

    def frame(self, u64 i) -> int:
        """The number of a packet's frame."""
        return self.at(i).n

    def flow(self, u64 i) -> tuple[int, int]:
        """(shard, row) of the flow of the i-th packet; (0, 0) when it has none, or the flow is gone."""
        cdef const PacketRow* row = self.at(i)
        if row.flow:
            return row.shard, row.row
        return 0, 0

    def value(self, PacketFields fields, u64 i, str name) -> object:
        """One field of the i-th packet; None where it has no value."""
        return fields.one(self.at(i), name)

    def record(self, PacketFields fields, u64 i, wanted: Collection[str] | None = None) -> dict:
        """The packet record of the i-th row. `wanted`: these of its keys, None all."""
        return fields.record(self.at(i), wanted)

    def know(self, apps: Buffer) -> None:
        """What the flows turned out to be: the protocol by flow number, one byte each; those beyond the end stay."""
        cdef const unsigned char[::1] found = apps
        cdef u64 i, n = len(found)
        for i in range(self.n):
            if self.rows[i].flow and self.rows[i].flow < n:
                self.rows[i].app = found[self.rows[i].flow]

    cdef const PacketRow* at(self, u64 i) except NULL:
        if i >= self.n:
            raise IndexError(f"packet {i} of {self.n}")
        return &self.rows[i]
