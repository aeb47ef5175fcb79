"""IP payload compression (RFC 3173) with DEFLATE (RFC 2394): one compressed payload opened, under a hard cap.

Which algorithm a negotiated CPI stands for was settled out of sight: a payload that is one whole deflate stream is
taken for one, anything else stays closed.
"""
from libc.stdlib cimport malloc, free

from netwatch._fast.base.bytes cimport u8, u32, slice_of
from netwatch._fast.base.unpack cimport WINDOW_RAW, inflated

cdef enum:
    MOST = 65535               # an IP payload is no longer


cdef u8* ipcomp_open(const u8* p, u32 n, u32* size) noexcept nogil:
    """What an IPComp header and its payload hold, malloc'ed, the length in `size`; NULL when it is not deflate."""
    cdef u8* out
    cdef bint whole = False
    if n < 5:
        return NULL
    out = <u8*>malloc(MOST)
    if out == NULL:
        return NULL
    size[0] = inflated(slice_of(p + 4, n - 4), WINDOW_RAW, out, MOST, &whole)
    if whole:
        return out
    free(out)
    return NULL
