"""Frames of a capture file read once more, by their places in it."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.input.pcapng cimport Pcapng
from netwatch._fast.input.savefile cimport Pcap, Savefile
from netwatch._fast.wire.packet cimport Frame

cdef class Reread:
    cdef Savefile source
    cdef Pcap classic          # the source, where it is one of these
    cdef Pcapng blocks
    cdef int fd                # of our own; -1 none
    cdef u8* window            # what was read of the file beyond what was asked for
    cdef u64 window_at
    cdef u32 window_n
    cdef u64 last              # where the bytes that were asked for last end
    cdef bint take(self, u64 at, u32 n, u8* to) noexcept nogil
    cdef u64 place(self, const Frame* f) noexcept nogil
    cdef bint read(self, u64 at, Frame* f, u8* mem) noexcept nogil
    cdef bint record(self, u64 at, Frame* f, u8* head) noexcept nogil
    cdef bint block(self, u64 at, Frame* f, u8* head) noexcept nogil
