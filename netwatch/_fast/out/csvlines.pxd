"""Lines of CSV that wait until their columns are known."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.out.recordcolumns cimport Span
from netwatch._fast.out.writing cimport Buf

cdef void put_packed(Buf* b, const Span* spans, const u64* filled, u32 words, const u8* texts) noexcept nogil
