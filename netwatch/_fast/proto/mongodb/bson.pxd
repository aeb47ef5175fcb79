"""A bounded reader of BSON (bsonspec.org 1.1): the elements of one document in turn; no recursion, no memory.

A document may be cut short: elements that are not whole are not given, but for documents and arrays inside it, of
which the part that is there can be read in turn.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, Reader, Slice, le32, left, reader, slice_of, take, take8
from netwatch._fast.proto.common.lines cimport smaller
from netwatch._fast.proto.common.sql cimport until_nul

cdef enum:                     # types of elements
    BSON_DOUBLE = 0x01
    BSON_STRING = 0x02
    BSON_DOCUMENT = 0x03
    BSON_ARRAY = 0x04
    BSON_BINARY = 0x05
    BSON_BOOL = 0x08
    BSON_INT32 = 0x10
    BSON_INT64 = 0x12

cdef struct Element:
    u8 type
    Slice name
    Slice value                # of a text without its NUL, of binary data the data, of a document its elements


cdef inline u32 bson_fixed(u8 kind) noexcept nogil:
    """Bytes of a value of fixed size; 0xff for other types, 0xfe where there is no such type."""
    if kind == 0x01 or kind == 0x09 or kind == 0x11 or kind == 0x12:
        return 8
    if kind == 0x06 or kind == 0x0a or kind == 0x7f or kind == 0xff:
        return 0
    if 0x02 <= kind <= 0x05 or kind == 0x0b or 0x0c <= kind <= 0x0f:
        return 0xff
    return 12 if kind == 0x07 else 1 if kind == 0x08 else 4 if kind == 0x10 else 16 if kind == 0x13 else 0xfe


cdef inline Slice bson_name(Reader* r) noexcept nogil:
    """A text that ends in NUL; `bad` when the NUL is not there."""
    cdef Slice s = until_nul(slice_of(r.p, <u32>left(r)))
    take(r, <size_t>s.n + 1)
    return s


cdef inline Slice bson_counted(Reader* r, u8 kind) noexcept nogil:
    """A value that begins with its length."""
    cdef const u8* p = take(r, 4)
    cdef u64 n = le32(p) if p != NULL else 0
    cdef u32 have = <u32>left(r)
    cdef bint inner = kind == BSON_DOCUMENT or kind == BSON_ARRAY or kind == 0x0f
    if kind == BSON_BINARY:
        n += 1                                      # its subtype
    elif inner:
        n = n - 4 if n >= 5 else 0                  # the length counts itself
    if r.bad or n == 0 or n > have and not inner:
        r.bad = True
        return slice_of(r.p, 0)
    if n < have:
        have = <u32>n
    p = take(r, have)
    if kind == BSON_BINARY:
        return slice_of(p + 1, have - 1)
    if inner:
        return slice_of(p, have)
    return slice_of(p, have - 1)


cdef inline bint bson_next(Reader* r, Element* e) noexcept nogil:
    """The next element; False at the end, or where the rest is cut or no BSON."""
    cdef u32 n
    e.type = take8(r)
    if r.bad or e.type == 0:
        return False
    e.name = bson_name(r)
    n = bson_fixed(e.type)
    if r.bad or n == 0xfe:
        return False
    if n != 0xff:
        e.value = slice_of(take(r, n), n)
    elif e.type == 0x0b:                            # a regular expression and its options
        e.value = bson_name(r)
        bson_name(r)
    else:
        e.value = bson_counted(r, e.type)
        if e.type == 0x0c:                          # a name and the id it points to
            take(r, 12)
    return not r.bad


cdef inline Reader bson_document(const u8* p, u32 n) noexcept nogil:
    """The elements of the document that begins at p, as far as the n bytes go."""
    cdef u32 size = le32(p) if n >= 4 else 0
    if size < 5:
        return reader(p, 0)
    return reader(p + 4, smaller(size, n) - 4)
