"""Who reads which flow."""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u64, Slice
from netwatch._fast.flow.row cimport Row, Cold, Conn, Half, BIT_INITIATOR_B, BIT_SEEN, HELD_BACK, OPEN_KNOWN
from netwatch._fast.wire.packet cimport Packet
from netwatch._fast.look.protocol cimport Dpi, Look

cdef enum:                     # what became of the bytes of one side, answers of dpi_read
    READ_ON = 0                # call again when there is more
    READ_STUCK = 1             # nothing was used; wait for more bytes
    READ_OVER = 2              # nobody wants more of this flow
    READ_BROKEN = 4            # nobody wants more of this side, but the other may show that it never was what it seemed
    READ_ASTRAY = 3            # after a hole: go on with what dpi_resync says a message begins with

cdef enum:
    SURE_SERVER = 95           # how sure the server's first words must be to overrule the client's
    LAST_CHANGE = 7            # Conn.changes of a stream that is given back no more

cdef void dpi_datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil
cdef bint dpi_named(Look* look, Slice data) noexcept nogil
cdef bint dpi_knows(Look* look, Slice data) noexcept nogil
cdef int dpi_read(Look* look, Slice data) noexcept nogil
cdef int dpi_lost(Look* look, u64 n) noexcept nogil
cdef int dpi_resync(Look* look, Slice data) noexcept nogil
cdef void forget(Row* row, Cold* cold, Conn* conn) noexcept nogil
cdef void dpi_close(Look* look) noexcept nogil
cdef void dpi_drop(Dpi* dpi, Conn* conn) noexcept nogil
cdef void dpi_end(Dpi* dpi, Row* row, Cold* cold, u64 ts, u64 frame) noexcept nogil
cdef bint dpi_might(Dpi* dpi, Row* row, Cold* cold, const Packet* pk, u8* found) noexcept nogil

cdef inline bint nobody_yet(const Row* row) noexcept nogil:
    return row.conn == NULL or row.conn.proto == 0

cdef inline bint greeted(const Look* look) noexcept nogil:
    """Has the server spoken before its client's first words? Those of HTTP are asked first. What is held back answers
    them."""
    cdef const Half* server = &look.conn.half[1 - look.side]
    if server.held == HELD_BACK and server.offset == 0 and server.len == 0:
        return False
    return (look.client and look.offset == 0 and look.row.payload[1 - look.side] and look.row.bits & BIT_SEEN
            and look.conn.half[look.side].open == OPEN_KNOWN and not look.inner)

cdef inline void pass_over(Half* half) noexcept nogil:
    """What was kept of the side, to be read with what follows, never will be."""
    half.offset += half.len
    half.len = half.need = half.astray = 0

cdef inline void look_at(Look* look, Dpi* dpi, Row* row, Cold* cold, int side, u64 ts, u64 frame) noexcept nogil:
    memset(look, 0, sizeof(Look))
    look.dpi = dpi
    look.row = row
    look.cold = cold
    look.conn = row.conn
    look.side = side
    look.client = side == (row.bits & BIT_INITIATOR_B)
    look.ts = ts
    look.frame = frame
