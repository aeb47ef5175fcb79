"""The newest frames of a source, whole, in one bounded piece of memory."""
from netwatch._fast.input.pcapngwriter cimport CaptureWriter
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.wire.packet cimport Frame, NOTE_COUNT, Packet
from netwatch._fast.wire.packetrow cimport PacketRow
from netwatch._fast.input.source cimport Source
from netwatch._fast.out.packetfields cimport PacketFields
from netwatch._fast.view.frameindex cimport FrameIndex, Kept

cdef enum:
    FRAME_NOTES = NOTE_COUNT + 4   # and OWN_NOTES

cdef class FrameRing:
    cdef PacketFields fields
    cdef u8* mem
    cdef readonly u64 room   # bytes of mem
    cdef u64* places         # by ordinal, modulo its size: where a Kept begins, counted on without end
    cdef u64 mask            # entries of places - 1
    cdef u64 end             # where the next Kept goes, counted on without end
    cdef FrameIndex index    # of all frames, None where they cannot be read again
    cdef u64 oldest          # ordinal of the oldest frame in the memory
    cdef readonly u64 next   # ordinal that the next frame will have
    cdef u64 began           # ns: time of the first frame
    cdef u64 held_bytes      # of the frames in the memory
    cdef u64 gone_bytes      # of those that made room
    cdef u64[FRAME_NOTES] noted   # frames by note: those of packet.pxd, then OWN_NOTES
    cdef void count(self, const Kept* kept) noexcept nogil
    cdef void put(self, const Packet* pk, u32 number, u64 flow, u64 key) noexcept nogil
    cdef Kept* at(self, u64 k) except NULL
    cdef int copy_row(self, u64 k, PacketRow* row) except -1
    cpdef u32 row(self, Engine engine, u64 k) except? 0xffffffff
    cpdef int write(self, CaptureWriter writer, u64 k, bytes options=*) except -1
    cdef Kept* held(self, u64 k) noexcept nogil
    cdef u64 flow_of(self, u64 k) noexcept nogil
    cdef int relate(self, PacketRow* row, u64 k, Engine engine, u32 number, bint timed) except -1
    cdef int severity_of(self, u64 k) noexcept nogil

cdef class Excerpt(Source):
    cdef u8* mem
    cdef Frame* frames
    cdef u64 count           # frames there is room for
    cdef u64 filled
    cdef u64 given
