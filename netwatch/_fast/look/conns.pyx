"""Conns come and go with every flow that is looked at: freed ones are kept for the next, and all are counted."""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8
from netwatch._fast.flow.row cimport Conn
from netwatch._fast.base.mix cimport prefetch
from netwatch._fast.look.segments cimport segments_take
from netwatch._fast.look.protocol cimport Dpi, zeroed

cdef enum:
    SPARE_CONNS = 4096         # freed Conns kept for the next flows


cdef Conn* conn_new(Dpi* dpi) noexcept nogil:
    cdef Conn* conn = dpi.spare
    if conn != NULL:
        dpi.spare = <Conn*>conn.state
        dpi.spares -= 1
        if dpi.spare != NULL:                   # the next flow's, not touched since its last flow ended
            prefetch(dpi.spare)
            prefetch(<const u8*>dpi.spare + 64)
            prefetch(<const u8*>dpi.spare + 128)
        memset(conn, 0, sizeof(Conn))
    else:
        conn = <Conn*>zeroed(sizeof(Conn))
    if conn != NULL:
        dpi.conns += 1
        dpi.stream_bytes += sizeof(Conn)
    return conn


cdef void conn_free(Dpi* dpi, Conn* conn) noexcept nogil:
    cdef int side
    for side in range(2):
        while conn.half[side].early != NULL:
            free(segments_take(dpi, &conn.half[side]))
        dpi.stream_bytes -= conn.half[side].cap
        free(conn.half[side].buf)
    if dpi.spares < SPARE_CONNS:
        conn.state = dpi.spare
        dpi.spare = conn
        dpi.spares += 1
    else:
        free(conn)
    dpi.conns -= 1
    dpi.stream_bytes -= sizeof(Conn)


cdef void spares_free(Dpi* dpi) noexcept nogil:
    """Give back the Conns that were kept for use again."""
    cdef Conn* conn
    while dpi.spare != NULL:
        conn = dpi.spare
        dpi.spare = <Conn*>conn.state
        free(conn)
