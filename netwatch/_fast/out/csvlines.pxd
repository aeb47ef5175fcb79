"""Lines of CSV that wait until their columns are known."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.out.recordcolumns cimport Shown
from netwatch._fast.out.writing cimport Buf

cdef void put_packed(Buf* b, Shown shown, const u8* texts) noexcept
cdef int see_packed(bytes packed, Shown shown) except -1
