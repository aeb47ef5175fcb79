"""Lines of CSV that wait until their columns are known."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.out.shown cimport Span
from netwatch._fast.out.writing cimport Buf

cdef void put_packed(Buf* b, const Span* spans, u32 n, const u8* texts) noexcept nogil
