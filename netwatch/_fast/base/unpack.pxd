"""What compressed bytes begin with, as far as there is room for it: see unpack.pyx."""
from netwatch._fast.base.bytes cimport u8, u32, Slice

cdef enum:
    WINDOW_ZLIB = 15           # of inflated: with zlib's header (RFC 1950)
    WINDOW_RAW = -15           # a deflate stream alone (RFC 1951)

cdef u32 inflated(Slice packed, int window, u8* out, u32 room, bint* whole) noexcept nogil
cdef u32 unsnapped(Slice packed, u8* out, u32 room) noexcept nogil
cdef u32 zstd_unpacked(Slice packed, u8* out, u32 room) noexcept nogil
