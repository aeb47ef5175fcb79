"""What netwatch wrote beside the packets of a pcapng file."""
from netwatch._fast.base.bytes cimport u8, u64

cdef class Noted:
    cdef list found            # list[tuple[int, bytes]]: when it stood first (ns), and what
    cdef set texts             # all of them
    cdef u64 size              # bytes of them
    cdef u64* seen             # hashes of those of late, each in the place that its first bits name; NULL before any
    cdef int look(self, const u8* p, const u8* end, u64 ts, bint big) noexcept nogil
    cdef int keep(self, bytes value, u64 ts)
