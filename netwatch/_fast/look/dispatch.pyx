"""Who reads a flow: from its first bytes until it is known or hopeless, and back when a protocol gives it up.

The table of protocols, and who may begin so, is dpi.pyx. A flow that is known, or hopeless, costs one test of a bit.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u64, Slice
from netwatch._fast.look.conns cimport conn_free, conn_new
from netwatch._fast.look.registry cimport best, may_be_path, proto_at
from netwatch._fast.flow.row cimport BIT_DPI_DONE, BIT_INITIATOR_B, BIT_TRIED_A, Cold, Conn, Row
from netwatch._fast.wire.packet cimport Packet
from netwatch._fast.look.protocol cimport *

cdef enum:
    UDP_TRIES = 8              # datagrams of an unknown flow that are looked at
    PATH_TRIES = 2048          # ... that are handed to who may know it as a path of a known connection
    UNKNOWN_BYTES = 1024       # of what nobody knows, for users' classifiers
    CHANGES = 8                # how often a flow may go from one protocol back to undecided


cdef bint dpi_might(Dpi* dpi, Row* row, Cold* cold, const Packet* pk, u8* found) noexcept nogil:
    """Could these first bytes of a TCP side begin anything? Asked before memory is spent on the flow. Who is surest of
    them is `found`, 0 while nobody is."""
    cdef Look look
    cdef bint more
    cdef Slice data
    data.p = pk.payload
    data.n = pk.payload_len
    look_at(&look, dpi, row, cold, pk.side, pk.frame.ts, pk.frame.n)
    found[0] = <u8>best(&look, data, False, &more)
    if found[0] or more:
        return True
    unknown(&look, data)
    return False


cdef void dpi_datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """One UDP datagram of a flow that is not done with. What one protocol gives back may be the next one's first."""
    while datagram(dpi, row, cold, pk):
        pass


cdef bint datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """Show a datagram to the flow's protocol, found first where there is none; True to show it to another."""
    cdef Look look
    cdef Slice data
    cdef void* none = NULL
    cdef bint more
    cdef int answer
    data.p = pk.payload
    data.n = pk.payload_len
    look_at(&look, dpi, row, cold, pk.side, pk.frame.ts, pk.frame.n)
    look.datagram = True
    look.state = &none
    if row.conn == NULL or row.conn.proto == 0:
        if row.bits & BIT_TRIED_A or best(&look, data, True, &more) == 0:
            undecided(&look, data)
            return False
        if row.conn == NULL:
            row.conn = conn_new(dpi)
        if row.conn == NULL:
            return False
        row.conn.below = row.app
        row.conn.proto = row.app = <u8>look.proto
    look.proto = row.conn.proto
    look.conn = row.conn
    look.state = &row.conn.state
    answer = proto_at(look.proto).parse(&look, data)
    if answer == PARSE_MALFORMED:
        dpi.malformed[look.proto] += 1
    elif answer == PARSE_NOT_MINE:
        return given_back(dpi, row, cold, look.used == 0)
    elif answer == PARSE_DONE:
        dpi_end(dpi, row, cold, pk.frame.ts, pk.frame.n)
        row.bits |= BIT_DPI_DONE
    return False


cdef void unknown(Look* look, Slice data) noexcept nogil:
    """Nobody knows what these first bytes are: whoever listens for such may."""
    cdef u32 n = data.n if data.n < UNKNOWN_BYTES else UNKNOWN_BYTES
    cdef u8* room
    if not wants(look, EV_UNKNOWN):
        return
    look.proto = 0
    room = event(look, EV_UNKNOWN, 0, n)
    if room != NULL:
        memcpy(room, data.p, n)


cdef void undecided(Look* look, Slice data) noexcept nogil:
    """Nobody wants this datagram; after some of them nobody is asked any more, but for who knows paths of QUIC."""
    cdef Row* row = look.row
    cdef u64 packets = row.packets[0] + row.packets[1]
    if not row.bits & BIT_TRIED_A:
        unknown(look, data)
        if packets >= UDP_TRIES and (row.conn == NULL or row.conn.half[0].waiting >= UDP_TRIES):
            row.bits |= BIT_TRIED_A
        elif row.conn != NULL:
            row.conn.half[0].waiting += 1       # since the flow was given back
    if wants(look, EV_SEALED) and packets < PATH_TRIES and may_be_path(data):
        look.proto = 0
        sealed(look, data.p, data.n, 0)
    elif row.bits & BIT_TRIED_A:
        row.bits |= BIT_DPI_DONE


cdef bint given_back(Dpi* dpi, Row* row, Cold* cold, bint unused) noexcept nogil:
    """The protocol has no more to do with the flow; True when the datagram should be shown to another."""
    forget(row, cold, row.conn)
    row.conn.changes += 1
    row.conn.half[0].waiting = 0
    if row.conn.changes >= CHANGES or (cold.facts == NULL and row.packets[0] + row.packets[1] >= UDP_TRIES):
        row.bits |= BIT_DPI_DONE
        return False
    return unused and cold.facts != NULL


cdef void forget(Row* row, Cold* cold, Conn* conn) noexcept nogil:
    """The protocol has no more to do with the flow: unless it learnt something, it never had."""
    drop_state(conn)
    if cold.facts == NULL or (cold.facts.used and not facts_of(cold.facts, conn.proto)):
        row.app = conn.below
        if row.app == 0:
            cold.confidence = 0
    conn.proto = 0


cdef void drop_state(Conn* conn) noexcept nogil:
    if conn.state != NULL:
        if proto_at(conn.proto).free != NULL:
            proto_at(conn.proto).free(conn.state)
        else:
            free(conn.state)
        conn.state = NULL


cdef int dpi_read(Look* look, Slice data) noexcept nogil:
    """Show one side's next contiguous bytes to whoever reads the flow; look.used, need and skip are the answers."""
    cdef Row* row = look.row
    cdef Conn* conn = look.conn
    cdef bint more
    cdef int answer
    look.used = 0
    look.need = 0
    look.skip = 0
    look.state = &conn.state
    if conn.proto == 0:
        look.proto = conn.found
        conn.found = 0
        if look.proto == 0 and best(look, data, False, &more) == 0:
            if more and not look.fin and data.n < 64:
                return READ_STUCK
            unknown(look, data)
            return READ_OVER
        conn.below = row.app
        conn.proto = row.app = <u8>look.proto
    look.proto = conn.proto
    answer = proto_at(conn.proto).parse(look, data)
    if answer == PARSE_OK or answer == PARSE_MORE:
        return READ_ON if look.used or look.skip else READ_STUCK
    if answer == PARSE_MALFORMED:
        look.dpi.malformed[conn.proto] += 1
    elif answer == PARSE_NOT_MINE:
        conn.changes += 1
        forget(row, look.cold, conn)
        if conn.changes < CHANGES and (look.used or look.skip):
            return READ_ON
    return READ_OVER


cdef bint dpi_lost(Look* look, u64 n) noexcept nogil:
    """Bytes of this side will never be seen; True when the flow is still of interest."""
    cdef Conn* conn = look.conn
    cdef int answer
    if conn.proto == 0:
        return False
    look.proto = conn.proto
    look.state = &conn.state
    if proto_at(conn.proto).lost == NULL:
        return False
    answer = proto_at(conn.proto).lost(look, n)
    if answer == PARSE_NOT_MINE:
        forget(look.row, look.cold, conn)
    return answer == PARSE_OK or answer == PARSE_MORE


cdef void dpi_close(Look* look) noexcept nogil:
    """Nobody will read more by look.conn: let its protocol report what is pending, and free its memory."""
    cdef Conn* conn = look.conn
    if conn.proto and proto_at(conn.proto).closing != NULL and conn.state != NULL:
        look.proto = conn.proto
        look.state = &conn.state
        look.fin = True
        proto_at(conn.proto).closing(look)
    dpi_drop(look.dpi, conn)


cdef void dpi_drop(Dpi* dpi, Conn* conn) noexcept nogil:
    """Free a Conn and what its protocol keeps."""
    drop_state(conn)
    conn_free(dpi, conn)


cdef void dpi_end(Dpi* dpi, Row* row, Cold* cold, u64 ts, u64 frame) noexcept nogil:
    """Nobody will read more of the flow as it is on the wire."""
    cdef Look look
    if row.conn == NULL:
        return
    look_at(&look, dpi, row, cold, row.bits & BIT_INITIATOR_B, ts, frame)
    dpi_close(&look)
    row.conn = NULL
