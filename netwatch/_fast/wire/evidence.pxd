"""Is what is carried what a port or a field says it is? Asked where neither names it beyond doubt."""
from netwatch._fast.base.bytes cimport u8, u32

cdef bint is_ip(const u8* p, u32 n, u32 wire, bint exact) noexcept nogil
cdef bint is_summed_ip(const u8* p, u32 n, u32 wire, bint exact) noexcept nogil
cdef bint is_proven(const u8* p, u32 n, u32 wire) noexcept nogil
cdef bint is_ethernet(const u8* p, u32 n, u32 wire, bint exact) noexcept nogil
cdef u32 find_ethernet(const u8* p, u32 n, u32 wire, u32 most) noexcept nogil
