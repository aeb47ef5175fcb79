"""The newest frames of a source, whole, in one bounded piece of memory."""
from netwatch._fast.base.bytes cimport u8, u32, u64, i64
from netwatch._fast.wire.packet cimport Frame, Packet
from netwatch._fast.input.source cimport Source
from netwatch._fast.out.packetfields cimport PacketFields

cdef struct Kept:            # in the ring, followed by the frame's bytes, padded to 8
    Frame frame              # its data is nowhere: the bytes follow
    Packet packet            # its frame and payload likewise
    u64 flow                 # Cold.id, 0 none
    u64 key                  # Cold.key: whose the row was
    u32 row
    i64 payload_at           # place of the payload in the frame; -1 when it is not in this frame alone

cdef class FrameRing:
    cdef PacketFields fields
    cdef u8* mem
    cdef readonly u64 room   # bytes of mem
    cdef u64* places         # by ordinal, modulo its size: where a Kept begins, counted on without end
    cdef u64 mask            # entries of places - 1
    cdef u64 end             # where the next Kept goes, counted on without end
    cdef readonly u64 first  # ordinal of the oldest frame kept
    cdef readonly u64 next   # ordinal that the next frame will have
    cdef readonly u64 kept_bytes    # of the frames kept
    cdef readonly u64 lost_bytes    # of the frames let go
    cdef u64[16] noted       # frames by note: NOTE_COUNT of packet.pxd, then OWN_NOTES
    cdef void count(self, const Kept* kept) noexcept nogil
    cdef void put(self, const Packet* pk, u32 number, u64 flow, u64 key) noexcept nogil
    cdef Kept* at(self, u64 k) except NULL

cdef class Excerpt(Source):
    cdef u8* mem
    cdef Frame* frames
    cdef u64 count           # frames there is room for
    cdef u64 filled
    cdef u64 given
