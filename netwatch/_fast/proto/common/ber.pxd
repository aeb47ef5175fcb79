"""A bounded reader of BER (ITU-T X.690 section 8): definite lengths, tag numbers below 31; no recursion, no memory."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i64, Reader, Slice, left, reader, slice_of, take

cdef enum:                     # identifier octets, X.690 section 8.1.2
    BER_BOOLEAN = 0x01
    BER_INTEGER = 0x02
    BER_OCTETS = 0x04
    BER_OID = 0x06
    BER_ENUMERATED = 0x0a
    BER_SEQUENCE = 0x30
    BER_SET = 0x31
    BER_CONTEXT = 0xa0         # constructed, context-specific [0]
    BER_APPLICATION = 0x60     # constructed, APPLICATION 0


cdef inline i64 ber_size(const u8* p, size_t n, u32* head) noexcept nogil:
    """Whole length of the element that starts at p, which may exceed n; 0 when its head is cut, -1 when it has none.

    `head` gets the length of identifier and length octets.
    """
    cdef u32 k, i
    cdef u64 size
    if n and p[0] & 0x1f == 0x1f:
        return -1
    if n < 2:
        return 0
    if p[1] < 0x80:
        head[0] = 2
        return 2 + <i64>p[1]
    k = p[1] & 0x7f
    if k == 0 or k > 4:
        return -1
    if n < 2 + k:
        return 0
    size = 0
    for i in range(k):
        size = size << 8 | p[2 + i]
    head[0] = 2 + k
    return <i64>(2 + k + size)


cdef inline int ber_tag(const Reader* r) noexcept nogil:
    """Identifier octet of the next element, -1 at the end."""
    return r.p[0] if r.p < r.end and not r.bad else -1


cdef inline Reader ber_any(Reader* r) noexcept nogil:
    """The content of the next element, whatever it is; an empty, bad Reader when it does not fit."""
    cdef u32 head = 0
    cdef i64 size = ber_size(r.p, left(r), &head)
    cdef Reader sub
    if r.bad or size <= 0 or size > <i64>left(r):
        r.bad = True
        sub = reader(r.p, 0)
        sub.bad = True
        return sub
    sub = reader(r.p + head, <size_t>(size - head))
    take(r, <size_t>size)
    return sub


cdef inline bint ber_next(Reader* r, int* tag, Reader* content) noexcept nogil:
    """The next element's identifier and content; False at the end, and when it does not fit."""
    tag[0] = ber_tag(r)
    if tag[0] < 0:
        return False
    content[0] = ber_any(r)
    return not r.bad


cdef inline Reader ber_enter(Reader* r, int tag) noexcept nogil:
    """The content of the next element, which must have that identifier."""
    if ber_tag(r) != tag:
        r.bad = True
    return ber_any(r)


cdef inline Slice ber_slice(Reader* r, int tag) noexcept nogil:
    """The same as a Slice, empty when bad."""
    cdef Reader sub = ber_enter(r, tag)
    return slice_of(sub.p, <u32>left(&sub))


cdef inline i64 ber_number(Reader* r, int tag) noexcept nogil:
    """A two's-complement INTEGER or ENUMERATED of at most 8 bytes; 0 and `bad` otherwise."""
    cdef Slice s = ber_slice(r, tag)
    cdef u64 value
    cdef u32 i
    if r.bad or s.n == 0 or s.n > 8:
        r.bad = True
        return 0
    value = <u64>0 - 1 if s.p[0] & 0x80 else 0
    for i in range(s.n):
        value = value << 8 | s.p[i]
    return <i64>value
