"""Where the frames of a file are in it, with what only the first reading knows of each."""
from netwatch._fast.base.bytes cimport u8, u32, u64, i64
from netwatch._fast.engine cimport Engine
from netwatch._fast.input.reread cimport Reread
from netwatch._fast.wire.packet cimport Frame, Packet

cdef struct Kept:            # a frame and what is known of it, followed by its bytes
    Frame frame              # its data is nowhere: the bytes follow
    Packet packet            # its frame and payload likewise
    u64 flow                 # Cold.id, 0 none
    u64 key                  # Cold.key: whose the row was
    u32 row
    i64 payload_at           # place of the payload in the frame; -1 when it is not in this frame alone

cdef struct Entry:           # 16 bytes a frame
    u64 place                # of its bytes in the file, 44 bits, and above that what PLACE_BITS of the .pyx names
    u64 whose                # its flow, 40 bits; interface, 16; how many frames before it were never kept, 8

cdef struct Rowed:
    u64 flow
    u32 row

cdef class FrameIndex:
    cdef Reread file
    cdef Engine reader       # takes frames apart once more; never knows a flow
    cdef Entry* entries
    cdef u64 n
    cdef u64 room
    cdef u64 most            # entries
    cdef Kept* again         # the frame that was read last
    cdef u64 again_k
    cdef Rowed* rowed        # rows by flow, ascending
    cdef u64 n_rowed
    cdef u64 rowed_at        # flows that had begun then
    cdef readonly u64 bytes  # of the frames
    cdef bint note(self, const Packet* pk, u64 k, u64 flow, int severity) noexcept nogil
    cdef Kept* read(self, u64 k) except NULL
    cdef u64 flow(self, u64 k) noexcept nogil
    cdef int side(self, u64 k) noexcept nogil
    cdef int severity(self, u64 k) noexcept nogil
    cdef u64 number(self, u64 k) noexcept nogil
    cdef u32 row_of(self, Engine engine, u64 flow) except? 0xffffffff
    cdef bint look(self, u64 k, Frame* f, u8* mem) noexcept nogil
    cdef u64 before(self, u64 k) noexcept nogil
    cdef u64 time_before(self, u64 k, u8* mem) noexcept nogil
