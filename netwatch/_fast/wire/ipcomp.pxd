"""IP payload compression: one compressed payload opened."""
from netwatch._fast.base.bytes cimport u8, u32

cdef u8* ipcomp_open(const u8* p, u32 n, u32* size) noexcept nogil
