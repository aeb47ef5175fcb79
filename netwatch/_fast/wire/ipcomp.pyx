"""IP payload compression (RFC 3173) with DEFLATE (RFC 2394): one compressed payload opened, under a hard cap.

Which algorithm a negotiated CPI stands for was settled out of sight: a payload that is one whole deflate stream is
taken for one, anything else stays closed.
"""
from libc.stdlib cimport malloc, free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32

cdef extern from "zlib.h" nogil:
    ctypedef struct z_stream:
        const u8* next_in
        unsigned int avail_in
        u8* next_out
        unsigned int avail_out
    int inflateInit2(z_stream*, int)
    int inflate(z_stream*, int)
    int inflateEnd(z_stream*)
    enum: Z_FINISH, Z_STREAM_END, Z_OK

cdef enum:
    MOST = 65535               # an IP payload is no longer
    RAW = -15                  # a deflate stream without zlib's header


cdef u8* ipcomp_open(const u8* p, u32 n, u32* size) noexcept nogil:
    """What an IPComp header and its payload hold, malloc'ed, the length in `size`; NULL when it is not deflate."""
    cdef z_stream z
    cdef u8* out
    cdef int answer
    if n < 5:
        return NULL
    memset(&z, 0, sizeof(z))
    if inflateInit2(&z, RAW) != Z_OK:
        return NULL
    out = <u8*>malloc(MOST)
    answer = 0
    if out != NULL:
        z.next_in = p + 4
        z.avail_in = n - 4
        z.next_out = out
        z.avail_out = MOST
        answer = inflate(&z, Z_FINISH)
        size[0] = MOST - z.avail_out
    inflateEnd(&z)
    if answer != Z_STREAM_END or z.avail_in:
        free(out)
        return NULL
    return out
