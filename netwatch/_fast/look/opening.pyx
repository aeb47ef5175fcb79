"""Whether a TCP flow that nobody reads yet is worth the memory of being read: asked for every segment of such a flow.

A side is asked once where its beginning was seen; if nobody knows it, its first bytes are kept until the other side
has spoken. Where it was joined in the middle it is asked for some frames. After that only one thing may still begin:
many protocols that are not known here exchange a line or some bytes, and then turn to TLS. 48 bits of a ClientHello's
head are fixed, so that none is met by chance.
"""
from netwatch._fast.base.bytes cimport u8, u32, i32, Slice, slice_of
from netwatch._fast.flow.row cimport BIT_DPI_DONE, BIT_TRIED_A, BIT_TRIED_B, Cold, Row, TcpRow, tried_bit
from netwatch._fast.wire.packet cimport Packet, TCP_SYN
from netwatch._fast.flow.content cimport Dpi
from netwatch._fast.look.conns cimport STREAMS_CALM
from netwatch._fast.look.dispatch cimport dpi_might
from netwatch._fast.look.registry cimport begins_late

cdef enum:
    LOOKED_AT = 16                # bytes that must be text to be kept


cdef bint worth_reading(Dpi* dpi, Row* row, Cold* cold, const TcpRow* t, const Packet* pk, u32 seq,
                        u8* found) noexcept nogil:
    """Nobody reads the flow yet: do these bytes begin something, or come before such as might? `found` is what, where
    that is sure already."""
    cdef int s = pk.side
    cdef bint begun = t.flags[s] & TCP_SYN != 0
    if dpi.off:
        row.bits |= BIT_DPI_DONE
        return False
    if row.bits & tried_bit(s):
        if late_hello(row, slice_of(pk.payload, pk.payload_len)):
            row.bits &= <u8>~tried_bit(s)
            return True
        hopeless(row)
        return False
    if begun and seq != t.isn[s] + 1 and dpi.stream_bytes < STREAMS_CALM:
        return <i32>(seq - t.isn[s] - 1) > 0
    if pk.payload_len == 0 or dpi_might(dpi, row, cold, pk, found):
        return True
    if begun and pk.payload_len <= KEPT_UNKNOWN and dpi.stream_bytes < KEPT_CALM and not other_tried(row, s) and \
            is_text(pk.payload, pk.payload_len):
        return True
    if begun or row.packets[s] >= JOINED_TRIES:
        row.bits |= tried_bit(s)
        hopeless(row)
    return False


cdef bint is_text(const u8* p, u32 n) noexcept nogil:
    """Empty lines, or letters (UTF-8's too): what people's protocols say before the other side has shown which one it
    is. There may be control characters, which nobody should send (RFC 4253 section 4.2); where the line ends may not
    be seen yet."""
    cdef u32 i, more = 0
    for i in range(min(n, <u32>LOOKED_AT)):
        if more:
            if p[i] >> 6 != 2:
                return False
            more -= 1
        elif 0xc2 <= p[i] <= 0xf4:
            more = 1 + (p[i] >= 0xe0) + (p[i] >= 0xf0)
        elif p[i] > 127:
            return False
    return True


cdef u32 line_ends(const u8* p, u32 n) noexcept nogil:
    """How many stand in front: they keep a connection alive (RFC 5626 section 3.5.1), and are no part of what begins
    behind them (RFC 9112 section 2.2)."""
    cdef u32 i = 0
    while i < n and (p[i] == c'\r' or p[i] == c'\n'):
        i += 1
    return i


cdef inline bint other_tried(const Row* row, int s) noexcept nogil:
    return row.bits & tried_bit(1 - s) != 0


cdef void hopeless(Row* row) noexcept nogil:
    """Neither side says what anybody wants: leave the flow alone, once TLS would be too late."""
    if row.bits & (BIT_TRIED_A | BIT_TRIED_B) == BIT_TRIED_A | BIT_TRIED_B and \
            row.packets[0] + row.packets[1] >= LATE_FRAMES:
        row.bits |= BIT_DPI_DONE


cdef bint late_hello(const Row* row, Slice data) noexcept nogil:
    """Does a segment of a flow that nobody wanted so far begin what may follow such: a ClientHello?"""
    return row.packets[0] + row.packets[1] <= LATE_FRAMES and begins_late(data)
