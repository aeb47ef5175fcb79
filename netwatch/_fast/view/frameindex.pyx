"""Where the frames of a file are in it: 16 bytes a frame, so that all of it can be looked at, however little is kept.

What a frame's own bytes say is read from the file when it is looked at, and taken apart once more. What only the first
reading knows is here: whose flow it is, which way it went, what was odd about it, its interface. A part
of a datagram is shown as a part: what it was put together with is not read again.
"""
from libc.stdlib cimport bsearch, free, malloc, qsort, realloc

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.input.reread cimport Reread
from netwatch._fast.input.source cimport MAX_FRAME
from netwatch._fast.parse cimport parse_frame
from netwatch._fast.wire.defrag cimport defrag_free, defrag_new
from netwatch._fast.wire.packet cimport FRAME_TIMELESS, Frame, NOTE_COUNT, Packet

cdef enum:
    FIRST_ROOM = 4096
    SIDE = 57                  # places of bits in Entry.place; the notes from 44 on
    TIMELESS = 58
    SEVERITY = 59
    NOTES = 44
    IFACE = 40                 # ... and in Entry.whose
    GAP = 56
    MOST_GAP = 255

cdef u64 PLACE = (<u64>1 << 44) - 1
cdef u64 FLOW = (<u64>1 << 40) - 1
cdef u64 NOBODY = 0xffffffffffffffff


cdef int by_flow(const void* a, const void* b) noexcept nogil:
    cdef u64 one = (<const Rowed*>a).flow, other = (<const Rowed*>b).flow
    return (one > other) - (one < other)


cdef class FrameIndex:
    """`file` is what is being read; `size`: bytes that the index may take."""

    def __cinit__(self, Reread file, u64 size):
        self.file, self.most, self.again_k = file, size // sizeof(Entry), NOBODY
        self.again = <Kept*>malloc(sizeof(Kept) + MAX_FRAME + 64)
        if self.again == NULL:
            raise MemoryError("no memory for a frame")

    def __dealloc__(self):
        free(self.entries)
        free(self.again)
        free(self.rowed)

    cdef bint note(self, const Packet* pk, u64 k, u64 flow, int severity) noexcept nogil:
        """The next frame, ordinal `k`. False when it cannot be found again, or there is no room: the index ends."""
        cdef const Frame* f = pk.frame
        cdef u64 place = self.file.place(f), gap = f.n - 1 - k
        cdef u64 room
        cdef void* grown
        if place == 0 or place > PLACE or flow > FLOW or gap > MOST_GAP or self.n >= self.most:
            return False
        if self.n == self.room:
            room = min(2 * self.room, self.most) if self.room else <u64>FIRST_ROOM
            grown = realloc(self.entries, room * sizeof(Entry))
            if grown == NULL:
                return False
            self.entries, self.room = <Entry*>grown, room
        self.entries[self.n].place = (place | (<u64>pk.notes & ((1 << NOTE_COUNT) - 1)) << NOTES
                                      | <u64>(pk.side & 1) << SIDE
                                      | <u64>(f.bits & FRAME_TIMELESS != 0) << TIMELESS
                                      | <u64>severity << SEVERITY)
        self.entries[self.n].whose = flow | <u64>f.iface << IFACE | gap << GAP
        self.n += 1
        self.bytes += f.caplen
        return True

    cdef u64 flow(self, u64 k) noexcept nogil:
        return self.entries[k].whose & FLOW

    cdef int side(self, u64 k) noexcept nogil:
        return <int>(self.entries[k].place >> SIDE & 1)

    cdef int severity(self, u64 k) noexcept nogil:
        return <int>(self.entries[k].place >> SEVERITY & 3)

    cdef u64 number(self, u64 k) noexcept nogil:
        """The frame's number in the input."""
        return k + 1 + (self.entries[k].whose >> GAP)

    cdef Kept* read(self, u64 k) except NULL:
        """A frame, until the next is read. IndexError when the file does not give it any more."""
        cdef Kept* kept = self.again
        cdef u8* mem = <u8*>kept + sizeof(Kept)
        cdef Frame* f = &kept.frame
        cdef const Packet* pk
        if k == self.again_k:
            return kept
        self.again_k = NOBODY
        f.ts = 0
        if self.entries[k].place >> TIMELESS & 1:
            f.ts = self.time_before(k, mem)
        if not self.look(k, f, mem):
            raise IndexError(f"frame {self.number(k)} is no longer in the file")
        if self.reader is None:
            self.reader = Engine(max_flows=1, dpi=False)
            self.reader.core.parser.layers = True
        self.reader.core.parser.n_out = 0
        parse_frame(&self.reader.core.parser, f)
        if self.reader.core.parser.defrag.datagrams or self.reader.core.parser.defrag.n_strays:
            defrag_free(self.reader.core.parser.defrag)
            self.reader.core.parser.defrag = defrag_new()
            if self.reader.core.parser.defrag == NULL:
                raise MemoryError("no memory for fragments")
        pk = &self.reader.core.parser.out[self.reader.core.parser.n_out - 1]
        kept.packet = pk[0]
        kept.packet.notes = <unsigned short>(self.entries[k].place >> NOTES & ((1 << NOTE_COUNT) - 1))
        kept.packet.side = <u8>self.side(k)
        kept.payload_at = pk.payload - f.data if f.data <= pk.payload <= f.data + f.caplen else -1
        kept.packet.frame, kept.packet.payload, f.data = NULL, NULL, NULL
        kept.flow = self.flow(k)
        kept.row, kept.key = 0, 0
        self.again_k = k
        return kept

    cdef bint look(self, u64 k, Frame* f, u8* mem) noexcept nogil:
        f.n, f.shard = self.number(k), 0
        f.iface = <unsigned short>(self.entries[k].whose >> IFACE & 0xffff)
        f.bits = FRAME_TIMELESS if self.entries[k].place >> TIMELESS & 1 else 0
        return self.file.read(self.entries[k].place & PLACE, f, mem)

    cdef u64 before(self, u64 k) noexcept nogil:
        """The time of the newest frame before one that has one, 0 where there is none. No frame is at hand then."""
        self.again_k = NOBODY
        return self.time_before(k, <u8*>self.again + sizeof(Kept))

    cdef u64 time_before(self, u64 k, u8* mem) noexcept nogil:
        """The time of the newest frame before that has one."""
        cdef Frame f
        f.ts = 0
        while k:
            k -= 1
            if not self.entries[k].place >> TIMELESS & 1:
                return f.ts if self.look(k, &f, mem) else 0
        return 0

    cdef u32 row_of(self, Engine engine, u64 flow) except? 0xffffffff:
        """The row of a flow, 0 when it is gone. Rows are looked through when flows have begun since the last time."""
        cdef Rowed wanted
        cdef const Rowed* found
        cdef u32 i
        cdef void* grown
        if self.rowed == NULL or self.rowed_at != engine.core.table.created:
            grown = realloc(self.rowed, (<u64>engine.core.table.high + 1) * sizeof(Rowed))
            if grown == NULL:
                raise MemoryError("no memory for the rows of flows")
            self.rowed, self.n_rowed, self.rowed_at = <Rowed*>grown, 0, engine.core.table.created
            for i in range(1, engine.core.table.high + 1):
                if engine.core.table.rows[i].family:
                    self.rowed[self.n_rowed].flow, self.rowed[self.n_rowed].row = engine.core.table.colds[i].id, i
                    self.n_rowed += 1
            qsort(self.rowed, self.n_rowed, sizeof(Rowed), by_flow)
        wanted.flow = flow
        found = <const Rowed*>bsearch(&wanted, self.rowed, self.n_rowed, sizeof(Rowed), by_flow)
        return found.row if found != NULL and engine.core.table.colds[found.row].id == flow else 0
