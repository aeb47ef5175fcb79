"""Puts bytes of a TLS stream that came inside another protocol to tls.pyx, and keeps what it cannot use yet."""
from libc.stdlib cimport free
from libc.string cimport memcpy, memmove

from netwatch._fast.base.bytes cimport u32, Slice, slice_of
from netwatch._fast.base.growing cimport grown
from netwatch._fast.look.protocol cimport Look, PARSE_MORE, PARSE_OK
from netwatch._fast.proto.tls.wire cimport tls_free, tls_parse

cdef enum:
    MOST = 32768               # bytes kept of a side; the longest record has 18437


cdef bint keep(InnerSide* s, Slice data) noexcept nogil:
    """Append; False over the bound or without memory."""
    if s.len + data.n > MOST or not grown(&s.buf, &s.cap, s.len + data.n, 1024):
        return False
    memcpy(s.buf + s.len, data.p, data.n)
    s.len += data.n
    return True


cdef bint use(Look* look, InnerTls* t, InnerSide* s) noexcept nogil:
    """Let TLS use what it can of the bytes kept; False when it wants no more of the stream."""
    cdef Look inner = look[0]
    cdef int code
    inner.state = &t.tls
    inner.datagram = False
    while s.len and s.len >= s.need:
        inner.used = inner.need = 0
        inner.skip = 0
        code = tls_parse(&inner, slice_of(s.buf, s.len))
        s.len -= inner.used
        memmove(s.buf, s.buf + inner.used, s.len)
        s.skip = inner.skip
        s.need = inner.need
        if code != PARSE_OK and code != PARSE_MORE:
            return False
        if inner.used == 0:
            break
    return True


cdef void inner_put(Look* look, InnerTls* t, Slice data) noexcept nogil:
    """The next bytes of the side that speaks."""
    cdef InnerSide* s = &t.side[look.side]
    cdef u32 passed = data.n if s.skip > data.n else <u32>s.skip
    if t.over:
        return
    s.skip -= passed
    data = slice_of(data.p + passed, data.n - passed)
    if data.n and (not keep(s, data) or not use(look, t, s)):
        inner_free(t)
        t.over = True


cdef void inner_free(InnerTls* t) noexcept nogil:
    """Give back all memory; the struct itself is the caller's."""
    cdef int side
    for side in range(2):
        free(t.side[side].buf)
        t.side[side].buf = NULL
        t.side[side].len = t.side[side].cap = 0
    if t.tls != NULL:
        tls_free(t.tls)
        t.tls = NULL
