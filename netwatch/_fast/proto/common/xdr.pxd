"""XDR (RFC 4506): big-endian words of four bytes, counted bytes padded to them. Inline."""
from netwatch._fast.base.bytes cimport u8, u32, i64, Reader, Slice, take, take32, take_slice


cdef inline Slice opaque(Reader* r) noexcept nogil:
    """Counted bytes, padded to four (section 4.10)."""
    cdef u32 n = take32(r)
    cdef Slice s = take_slice(r, n)
    take(r, <size_t>(-<i64>n & 3))
    return s


cdef inline void put32(u8* out, u32 value) noexcept nogil:
    out[0] = <u8>(value >> 24)
    out[1] = <u8>(value >> 16 & 0xff)
    out[2] = <u8>(value >> 8 & 0xff)
    out[3] = <u8>(value & 0xff)
