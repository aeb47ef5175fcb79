"""Which block of a table an address lies in."""
from netwatch._fast.base.bytes cimport u8

cdef enum:
    MAX_BLOCKS = 128
    NONE = 254
    MIXED = 255

cdef struct Block:
    u8 family                  # 4 or 6
    u8 bits
    u8 address[16]

cdef class Blocks:
    cdef Block blocks[MAX_BLOCKS]
    cdef list values           # of the blocks
    cdef int n
    cdef dict known            # text → value
    cdef u8 by_beginning[2][65536]     # of IPv4, IPv6: 1 + the block of all that begin so, NONE, MIXED; 0 not known yet

    cdef int put(self, str prefix, value) except -1
    cdef int place(self, const u8* address, bint six) noexcept nogil     # 1 + number of the block, 0 none
    cdef int search(self, const u8* address, u8 family) noexcept nogil
    cdef u8 beginning(self, const u8* address, u8 family) noexcept nogil
