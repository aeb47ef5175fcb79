"""The capture format of Solaris (RFC 1761)."""
from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.input.savefile cimport Savefile

cdef class Snoop(Savefile):
    cdef u16 link
    cdef u32 lost              # frames that the capture says it dropped
    cdef int refuse(self, u64 at, u32 caplen, u32 size) noexcept nogil
