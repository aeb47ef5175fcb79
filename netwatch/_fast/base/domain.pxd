"""Domain names on the wire."""
from netwatch._fast.base.bytes cimport u8, u32

cdef enum:
    NAME_TEXT = 1024           # room for any name as text: 255 bytes, each at most 4 characters

cdef u32 name_end(const u8* p, u32 n, u32 at) noexcept nogil
cdef int name_text(const u8* p, u32 n, u32 at, char* out) noexcept nogil
