"""Which block of a table an address lies in."""
from netwatch._fast.base.bytes cimport u8

cdef enum:
    MAX_BLOCKS = 128

cdef struct Block:
    u8 family                  # 4 or 6
    u8 bits
    u8 address[16]

cdef class Blocks:
    cdef Block blocks[MAX_BLOCKS]
    cdef list values           # of the blocks
    cdef int n

    cdef int put(self, str prefix, value) except -1
    cdef object holding(self, const u8* address, u8 family)
