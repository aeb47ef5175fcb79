"""Slice and Reader: the only way a parser of ours reads bytes from the wire.

The contract (after smoltcp's `wire`): a length is checked once, in `take*`; after that a read cannot fail. A take past
the end returns 0 or NULL, moves nothing and sets `bad`, which stays set. Numbers are big-endian unless named `le`.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t, int32_t, int64_t
from libc.string cimport memchr, memcmp

ctypedef uint8_t u8
ctypedef uint16_t u16
ctypedef uint32_t u32
ctypedef uint64_t u64
ctypedef int32_t i32
ctypedef int64_t i64

cdef struct Slice:
    const u8* p
    u32 n

cdef struct Reader:
    const u8* p
    const u8* end
    bint bad


cdef inline u16 be16(const u8* p) noexcept nogil:
    return <u16>((<u16>p[0] << 8) | p[1])

cdef inline u32 be24(const u8* p) noexcept nogil:
    return (<u32>p[0] << 16) | (<u32>p[1] << 8) | p[2]

cdef inline u32 be32(const u8* p) noexcept nogil:
    return (<u32>p[0] << 24) | (<u32>p[1] << 16) | (<u32>p[2] << 8) | p[3]

cdef inline u64 be64(const u8* p) noexcept nogil:
    return (<u64>be32(p) << 32) | be32(p + 4)

cdef inline u16 le16(const u8* p) noexcept nogil:
    return <u16>((<u16>p[1] << 8) | p[0])

cdef inline u32 le32(const u8* p) noexcept nogil:
    return (<u32>p[3] << 24) | (<u32>p[2] << 16) | (<u32>p[1] << 8) | p[0]


cdef inline Slice slice_of(const u8* p, u32 n) noexcept nogil:
    cdef Slice s
    s.p = p
    s.n = n
    return s

cdef inline Reader reader(const u8* p, size_t n) noexcept nogil:
    cdef Reader r
    r.p = p
    r.end = p + n
    r.bad = False
    return r

cdef inline size_t left(const Reader* r) noexcept nogil:
    return <size_t>(r.end - r.p)

cdef inline const u8* take(Reader* r, size_t n) noexcept nogil:
    """`n` bytes, or NULL and `bad`."""
    cdef const u8* p = r.p
    if <size_t>(r.end - p) < n:
        r.bad = True
        return NULL
    r.p = p + n
    return p

cdef inline u8 take8(Reader* r) noexcept nogil:
    cdef const u8* p = take(r, 1)
    return p[0] if p != NULL else 0

cdef inline u16 take16(Reader* r) noexcept nogil:
    cdef const u8* p = take(r, 2)
    return be16(p) if p != NULL else 0

cdef inline u32 take24(Reader* r) noexcept nogil:
    cdef const u8* p = take(r, 3)
    return be24(p) if p != NULL else 0

cdef inline u32 take32(Reader* r) noexcept nogil:
    cdef const u8* p = take(r, 4)
    return be32(p) if p != NULL else 0

cdef inline Slice take_slice(Reader* r, u32 n) noexcept nogil:
    """`n` bytes as a Slice; an empty one and `bad` when there are fewer."""
    cdef Slice s
    s.p = take(r, n)
    s.n = n if s.p != NULL else 0
    return s

cdef inline Reader take_reader(Reader* r, u32 n) noexcept nogil:
    """A Reader over the next `n` bytes; an empty, bad one when there are fewer."""
    cdef Reader sub
    cdef const u8* p = take(r, n)
    sub.p = p if p != NULL else r.p
    sub.end = sub.p + (n if p != NULL else 0)
    sub.bad = p == NULL
    return sub

cdef inline bint starts(const u8* p, size_t n, const char* word, size_t k) noexcept nogil:
    """True when the n bytes begin with the k bytes of `word`."""
    return n >= k and memcmp(p, word, k) == 0

cdef inline i64 find_byte(const u8* p, size_t n, u8 c) noexcept nogil:
    """Offset of the first byte equal to `c`, or -1."""
    cdef const u8* q = <const u8*>memchr(p, c, n) if n else NULL
    return <i64>(q - p) if q != NULL else -1

cdef inline u32 take_varint32(Reader* r, int most) noexcept nogil:
    """An unsigned number of seven bits a byte, the lowest first, in at most `most` bytes; else `bad` and 0."""
    cdef u32 value = 0, i
    cdef u8 c
    for i in range(most):
        c = take8(r)
        value |= <u32>(c & 0x7f) << (7 * i)
        if c < 0x80:
            return value
    r.bad = True
    return 0
