"""UTF-16LE texts as Microsoft's protocols carry them, kept as UTF-8. Inline; nothing is allocated."""
from netwatch._fast.base.bytes cimport u8, u32, Slice, le16, slice_of
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.common.learn cimport TEXT_MOST, keep_text


cdef inline u32 utf8_put(u8* out, u32 room, u32 c) noexcept nogil:
    """The character's UTF-8 form at out; its length, 0 when there is no room for it."""
    cdef u32 n = 1 if c < 0x80 else 2 if c < 0x800 else 3 if c < 0x10000 else 4, i
    if n > room:
        return 0
    if n == 1:
        out[0] = <u8>c
        return 1
    for i in range(n - 1, 0, -1):
        out[i] = <u8>(0x80 | (c & 0x3f))
        c >>= 6
    out[0] = <u8>((0xf00 >> n & 0xff) | c)
    return n


cdef inline u32 utf8_of(Slice s, u8* out, u32 room) noexcept nogil:
    """UTF-16LE up to a NUL as UTF-8, whole characters only; lone surrogates become U+FFFD. How many bytes came out."""
    cdef u32 at = 0, used = 0, c, low, n
    while at + 2 <= s.n:
        c = le16(s.p + at)
        at += 2
        if c == 0:
            break
        if 0xd800 <= c < 0xe000:
            low = le16(s.p + at) if c < 0xdc00 and at + 2 <= s.n else 0
            if 0xdc00 <= low < 0xe000:
                at += 2
                c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00))
            else:
                c = 0xfffd
        n = utf8_put(out + used, room - used, c)
        if n == 0:
            break
        used += n
    return used


cdef inline void keep_wide(Look* look, u8 key, Slice s, u32 most) noexcept nogil:
    """A distinct UTF-16LE text, as UTF-8 of at most TEXT_MOST bytes; an empty one is no news."""
    cdef u8 out[TEXT_MOST]
    keep_text(look, key, slice_of(out, utf8_of(s, out, TEXT_MOST)), most)


cdef inline Slice narrow(Slice s) noexcept nogil:
    """A text of bytes up to its NUL."""
    cdef u32 i = 0
    while i < s.n and s.p[i]:
        i += 1
    return slice_of(s.p, i)


cdef inline void keep_string(Look* look, u8 key, Slice s, bint wide, u32 most) noexcept nogil:
    """A distinct text up to its NUL, UTF-16LE or of bytes as they stand."""
    if wide:
        keep_wide(look, key, s, most)
    else:
        keep_text(look, key, narrow(s), most)


cdef inline Slice part(Slice m, u32 at, u32 n) noexcept nogil:
    """n bytes of the message from `at` on; an empty Slice when they are not all there."""
    if at > m.n or n > m.n - at:
        return slice_of(m.p, 0)
    return slice_of(m.p + at, n)
