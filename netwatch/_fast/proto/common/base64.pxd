"""Base64 (RFC 4648 sections 4 and 5) of tokens that stand in the heads and lines of text protocols."""
from netwatch._fast.base.bytes cimport u8, u32, Slice


cdef inline int base64_value(u8 c) noexcept nogil:
    """Six bits, -1 for what is no digit."""
    if c'A' <= c <= c'Z':
        return c - c'A'
    if c'a' <= c <= c'z':
        return c - c'a' + 26
    if c'0' <= c <= c'9':
        return c - c'0' + 52
    return 62 if c == c'+' or c == c'-' else 63 if c == c'/' or c == c'_' else -1


cdef inline u32 base64_decode(Slice text, u8* out, u32 room) noexcept nogil:
    """How many bytes were written: up to `room`, or up to the first byte that is no digit."""
    cdef u32 i, bits = 0, held = 0, n = 0
    cdef int value
    for i in range(text.n):
        value = base64_value(text.p[i])
        if value < 0 or n == room:
            break
        held = held << 6 | <u32>value
        bits += 6
        if bits >= 8:
            bits -= 8
            out[n] = <u8>(held >> bits & 0xff)
            n += 1
    return n
