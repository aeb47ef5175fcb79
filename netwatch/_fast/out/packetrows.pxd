"""Packet rows of a chunk, copied out of the event rings."""
from netwatch._fast.base.bytes cimport u64
from netwatch._fast.wire.packetrow cimport PacketRow

cdef class Clock:
    cdef bint began
    cdef u64 first             # ns
    cdef u64 newest

cdef class PacketRows:
    cdef PacketRow* rows       # in order of frames, `n` of them
    cdef u64 n
    cdef u64 cap

    cdef int add(self, const PacketRow* row) except -1
    cdef const PacketRow* at(self, u64 i) except NULL
