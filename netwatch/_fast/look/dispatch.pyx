"""Who reads a flow: from its first bytes until it is known or hopeless, and back when a protocol gives it up.

The table of protocols, and who may begin so, is dpi.pyx. A flow that is known, or hopeless, costs one test of a bit.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u32, u64, Slice, slice_of
from netwatch._fast.look.conns cimport conn_free, conn_new
from netwatch._fast.look.asking cimport BY_TCP, UDP_TRIES, UDP_TURN, asked, carried_by, is_asked
from netwatch._fast.look.registry cimport begins_late, best, may_be_path, proto_at, said
from netwatch._fast.flow.content cimport facts_forget
from netwatch._fast.flow.row cimport (BIT_DPI_DONE, BIT_INITIATOR_B, BIT_SEEN, BIT_TRIED_A, Cold, Conn, FOUND_NOBODY,
                                      Half, OPEN_KNOWN, Row, ST_DHCP, ST_UDP_ACTIVE, tried_bit)
from netwatch._fast.wire.packet cimport PROTO_UDP, Packet
from netwatch._fast.look.protocol cimport *

cdef enum:                     # what a side's first words say of the verdict that the other's gave, answers of refuted
    AGREED = 0
    REFUTED = 1
    UNDECIDED = 2              # more of them are needed

cdef enum:
    KEEP_ALIVE = 4             # bytes of a datagram that says nothing (RFC 5626 section 3.5)
    OVERRULES = 75             # how sure a server's first words must be, which cannot be the client's protocol
    SURE_OF_ANOTHER = 90       # the words of a flow that is named, before another protocol may have it
    FIRST_FRAMES = 8           # of a side joined in the middle: what they say counts as a beginning does
    DECIDED = 64               # bytes that say something, from which on nobody waits for more
    PATH_TRIES = 2048          # ... that are handed to who may know it as a path of a known connection
    UNKNOWN_BYTES = 1024       # of what nobody knows, for users' classifiers
    CHANGES = LAST_CHANGE + 1  # how often a flow may go from one protocol back to undecided


cdef bint dpi_might(Dpi* dpi, Row* row, Cold* cold, const Packet* pk, u8* found) noexcept nogil:
    """Could these first bytes of a TCP side begin anything? Asked before memory is spent on the flow. Who is surest of
    them is `found`, 0 while nobody is."""
    cdef Look look
    cdef bint more
    cdef Slice data = slice_of(pk.payload, pk.payload_len)
    look_at(&look, dpi, row, cold, pk.side, pk.frame.ts, pk.frame.n)
    found[0] = <u8>best(&look, data, BY_TCP, &more)
    if found[0] or more:
        return True
    unknown(&look, data)
    found[0] = FOUND_NOBODY
    return False


cdef void dpi_datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """One datagram, or packet of a protocol without ports, of a flow that is not done with. What one protocol gives
    back may be the next one's first."""
    if nobody_yet(row) and not is_asked(row) and not dpi.want >> EV_SEALED & 1:
        return
    while datagram(dpi, row, cold, pk):
        pass


cdef bint datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    """Show a datagram to the flow's protocol, found first where there is none; True to show it to another."""
    cdef Look look
    cdef Slice data = slice_of(pk.payload, pk.payload_len)
    cdef void* none = NULL
    cdef bint told
    cdef int answer
    cdef u64 broken
    look_at(&look, dpi, row, cold, pk.side, pk.frame.ts, pk.frame.n)
    look.datagram = True
    look.state = &none
    if nobody_yet(row):
        if asked(&look, data) == 0:
            undecided(&look, data, pk.first != 0)
            return False
        if row.conn == NULL:
            row.conn = conn_new(dpi)
        if row.conn == NULL:
            return False
        look.conn = row.conn
        named(&look)
    look.proto = row.conn.proto
    look.conn = row.conn
    look.state = &row.conn.state
    told = row.conn.heard == 0                      # by another flow, see announced.pyx
    if row.conn.heard != 3 and refuted(&look, data) == REFUTED:
        fallen(&look, data)
        return row.conn.changes < CHANGES
    broken = dpi.malformed[look.proto]
    answer = proto_at(look.proto).parse(&look, data)
    if answer == PARSE_MALFORMED:
        dpi.malformed[look.proto] += 1
    if answer == PARSE_NOT_MINE:
        if told:
            facts_forget(dpi, cold, look.proto, 0)
        return given_back(dpi, row, cold, look.used == 0) or told
    elif answer == PARSE_DONE:
        dpi_end(dpi, row, cold, pk.frame.ts, pk.frame.n)
        row.bits |= BIT_DPI_DONE
    elif dpi.malformed[look.proto] != broken:
        return another(&look, data)
    return False


cdef void named(Look* look) noexcept nogil:
    """The flow is look.proto's from here on, by what this side says."""
    cdef Conn* conn = look.conn
    conn.below = look.row.app
    conn.proto = look.row.app = <u8>look.proto
    if look.datagram and look.row.state >= ST_DHCP:
        look.row.state = ST_UDP_ACTIVE
    touch(look.dpi, look.row)
    conn.heard = <u8>(1 << look.side)


cdef bint another(Look* look, Slice data) noexcept nogil:
    """A datagram that the flow's protocol finds broken: is it surely another's? Then the flow is that one's too."""
    cdef int proto = look.proto
    cdef u8 before = look.cold.confidence
    cdef bint more, other
    other = best(look, data, carried_by(look.row), &more) and look.proto != proto and \
        look.cold.confidence >= SURE_OF_ANOTHER
    look.cold.confidence = before
    if not other or look.conn.changes >= CHANGES:
        return False
    forget(look.row, look.cold, look.conn)
    touch(look.dpi, look.row)
    look.conn.changes += 1
    return True


cdef int refuted(Look* look, Slice data) noexcept nogil:
    """The side's first words after the other named the flow: do they refute it? Of a stream only its very beginning
    can: what one joins in the middle may be anything that the protocol carries."""
    cdef const Proto* proto = proto_at(look.conn.proto)
    cdef u8 bit = <u8>(1 << look.side)
    cdef int answer
    if not look.datagram and (look.offset or look.conn.half[look.side].open != OPEN_KNOWN):
        look.conn.heard |= bit
    if look.conn.heard & bit:
        return AGREED
    if proto.agrees != NULL:
        look.proto = look.conn.proto
        look.state = &look.conn.state
        answer = proto.agrees(look, data)
        if answer == DETECT_MORE and not look.fin and said(data) < DECIDED:
            return UNDECIDED
        if answer == 0:
            return REFUTED
    elif overruled(look, data):
        return REFUTED
    look.conn.heard |= bit
    return AGREED


cdef bint overruled(Look* look, Slice data) noexcept nogil:
    """Does a server begin as another protocol certainly does, and as the one its client spoke does not? Whom a service
    speaks with is shown by what it says."""
    cdef int proto = look.conn.proto
    cdef u8 before = look.cold.confidence
    cdef bint more
    if look.datagram or look.client or look.inner or look.offset or not look.row.bits & BIT_SEEN:
        return False
    look.proto = proto
    if proto_at(proto).detect(look, data) > 0:
        return False
    if best(look, data, BY_TCP, &more) and look.cold.confidence >= (proto_at(proto).yields or OVERRULES):
        look.conn.found = <u8>look.proto if look.proto != proto else 0
    look.cold.confidence = before
    look.proto = proto
    return look.conn.found != 0


cdef void fallen(Look* look, Slice data) noexcept nogil:
    """The verdict that the other side's words gave is refuted: what was learnt is no more, but where those words could
    be nothing else (Proto.late)."""
    cdef Conn* conn = look.conn
    cdef Half* other = &conn.half[1 - look.side]
    cdef const Proto* proto = proto_at(conn.proto)
    if not proto.late or look.cold.confidence < proto.late:
        facts_forget(look.dpi, look.cold, conn.proto, 0)
    forget(look.row, look.cold, conn)
    touch(look.dpi, look.row)
    conn.changes += 1
    conn.heard = 0
    if conn.found:
        look.cold.confidence = <u8>proto_at(conn.found).detect(look, data)
    pass_over(other)
    other.skip = 0
    other.tried = 1
    if not look.inner and not look.datagram:
        look.row.bits |= tried_bit(1 - look.side)


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


cdef void undecided(Look* look, Slice data, bint joined) noexcept nogil:
    """Nobody wants this datagram; it may be of a path of a QUIC connection, for who knows such. Of fragments that were
    `joined` each is counted as a packet."""
    cdef Row* row = look.row
    cdef u64 packets = row.packets[0] + row.packets[1]
    if not row.bits & BIT_TRIED_A:
        unknown(look, data)
        if packets >= (UDP_TURN if joined else UDP_TRIES) and data.n > KEEP_ALIVE and \
                (row.conn == NULL or row.conn.half[0].waiting >= UDP_TRIES):
            row.bits |= BIT_TRIED_A
        elif row.conn != NULL:
            row.conn.half[0].waiting += 1       # since the flow was given back
    if row.proto == PROTO_UDP and wants(look, EV_SEALED) and packets < PATH_TRIES and may_be_path(data):
        look.proto = 0
        sealed(look, data.p, data.n, 0)


cdef bint given_back(Dpi* dpi, Row* row, Cold* cold, bint unused) noexcept nogil:
    """The protocol has no more to do with the flow; True when the datagram should be shown to another."""
    forget(row, cold, row.conn)
    touch(dpi, row)
    row.conn.changes += 1
    row.conn.half[0].waiting = 0
    if row.conn.changes >= CHANGES:
        row.bits |= BIT_DPI_DONE
        return False
    return unused and (cold.facts == &NOTHING or facts_of(cold.facts, 0))


cdef void forget(Row* row, Cold* cold, Conn* conn) noexcept nogil:
    """The protocol has no more to do with the flow: unless it learnt something, it never had."""
    drop_state(conn)
    if cold.facts == NULL or (cold.facts.used and not facts_of(cold.facts, conn.proto)):
        row.app = conn.below
        if row.app == 0:
            cold.confidence = 0
    conn.proto = 0
    conn.heard = 0
    conn.half[0].astray = conn.half[1].astray = 0


cdef void drop_state(Conn* conn) noexcept nogil:
    if conn.state != NULL:
        if proto_at(conn.proto).free != NULL:
            proto_at(conn.proto).free(conn.state)
        else:
            free(conn.state)
        conn.state = NULL


cdef bint too_weak(Look* look) noexcept nogil:
    """Was the side joined in the middle, and not at its first frames? Then chance has many tries: who is not quite
    sure of these bytes does not name the flow."""
    if look.row.packets[look.side] <= FIRST_FRAMES or look.cold.confidence >= SURE_OF_ANOTHER:
        return False
    if look.conn != NULL and look.conn.half[look.side].open == OPEN_KNOWN and look.conn.half[look.side].gaps == 0:
        return False
    if look.row.app == 0:
        look.cold.confidence = 0
    return True


cdef int find_reader(Look* look, Slice data) noexcept nogil:
    """READ_ON where these bytes say whose the flow is, READ_STUCK where more of them may, else READ_OVER."""
    cdef Conn* conn = look.conn
    cdef bint more = False
    look.proto = conn.found
    conn.found = 0
    if look.proto == FOUND_NOBODY:
        return READ_OVER
    if look.proto == 0 and (best(look, data, BY_TCP, &more) == 0 or too_weak(look)):
        if more and not look.fin and said(data) < DECIDED:
            return READ_STUCK
        unknown(look, data)
        return READ_OVER
    if proto_at(look.proto).yields and greeted(look):
        look.cold.confidence = 0 if look.row.app == 0 else look.cold.confidence
        return READ_OVER
    named(look)
    return READ_ON


cdef bint dpi_named(Look* look, Slice data) noexcept nogil:
    """Do these bytes, which are shown to dpi_read next, say whose the flow is?"""
    cdef int answer = find_reader(look, data)
    if answer == READ_OVER:
        look.conn.found = FOUND_NOBODY
    return answer == READ_ON


cdef bint dpi_knows(Look* look, Slice data) noexcept nogil:
    """Could the flow's protocol begin with these bytes?"""
    look.proto = look.conn.proto
    return proto_at(look.proto).detect(look, data) > 0


cdef int dpi_read(Look* look, Slice data) noexcept nogil:
    """Show one side's next contiguous bytes to whoever reads the flow; look.used, need and skip are the answers."""
    cdef Conn* conn = look.conn
    cdef int answer
    cdef bint late
    look.used = 0
    look.need = 0
    look.skip = 0
    if conn.proto and conn.heard != 3:
        answer = refuted(look, data)
        if answer == UNDECIDED:
            look.need = data.n + 1
            return READ_STUCK
        if answer == REFUTED:
            fallen(look, data)
        elif conn.half[1 - look.side].dead:
            return READ_OVER
    if conn.proto == 0:
        answer = find_reader(look, data)
        if answer != READ_ON:
            return answer
    look.state = &conn.state
    look.proto = conn.proto
    answer = proto_at(conn.proto).parse(look, data)
    if answer == PARSE_OK or answer == PARSE_MORE:
        return READ_ON if look.used or look.skip else READ_STUCK
    late = answer != PARSE_DONE and begins_late(slice_of(data.p + look.used, data.n - look.used))
    if answer == PARSE_NOT_MINE or late:            # late: the agreement on it was not seen
        conn.changes += 1
        forget(look.row, look.cold, conn)
        touch(look.dpi, look.row)
        if conn.changes < CHANGES and (look.used or look.skip or late):
            return READ_ON
    elif answer == PARSE_MALFORMED:
        look.dpi.malformed[conn.proto] += 1
    return READ_BROKEN if answer == PARSE_MALFORMED and conn.heard != 3 and not look.inner else READ_OVER


cdef int dpi_lost(Look* look, u64 n) noexcept nogil:
    """Bytes of this side will never be seen: READ_ON where its protocol knows what follows them, READ_ASTRAY where it
    can find that out, READ_OVER where nobody can."""
    cdef Conn* conn = look.conn
    cdef const Proto* proto = proto_at(conn.proto)
    cdef int answer
    if conn.proto == 0:
        return READ_OVER
    look.proto = conn.proto
    look.state = &conn.state
    answer = proto.lost(look, n) if proto.lost != NULL else PARSE_ASTRAY if proto.resync != NULL else PARSE_DONE
    if answer == PARSE_NOT_MINE:
        forget(look.row, look.cold, conn)
        touch(look.dpi, look.row)
        pass_over(&conn.half[1 - look.side])        # it answers what was lost
    if answer == PARSE_ASTRAY and proto.resync != NULL:
        return READ_ASTRAY
    return READ_OVER if answer == PARSE_DONE or answer == PARSE_MALFORMED else READ_ON


cdef int dpi_resync(Look* look, Slice data) noexcept nogil:
    """Does a message of the flow's protocol begin with these bytes of a side that is astray? 0, 1 or DETECT_MORE."""
    look.proto = look.conn.proto
    look.state = &look.conn.state
    return proto_at(look.proto).resync(look, data)


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
