"""What happens to flows that detectors want to know, put down while packets go by: some two or three turns a flow.

A turn holds all that is told of the flow, so that it can be read when the flow is gone. Those of packets stand in order
of frames; the end of a flow that nothing ended says when it was due, which does not depend on when the wheel came by.
"""
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport (BIT_DPI_DONE, BIT_INITIATOR_B, Cold, Facts, Row, ST_CLOSED,
                                      ST_ESTABLISHED, ST_SYN_RECV, ST_SYN_SENT, ST_TIME_WAIT)
from netwatch._fast.flow.content cimport app_of
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, PROTO_TCP, Packet, TCP_ACK, TCP_RST, TCP_SYN

cdef enum:
    FIRST_BYTES = 65536


cdef Turn* turn_room(TurnList* turns, u32 facts) noexcept nogil:
    """Room for a turn and bytes of facts behind it; NULL, and counted, when the list is full."""
    cdef u32 size = (<u32>sizeof(Turn) + facts + 7) & ~<u32>7
    cdef u64 cap = turns.cap if turns.cap else FIRST_BYTES
    cdef void* grown
    cdef Turn* turn
    while cap < turns.used + size:
        cap *= 2
    if cap > TURN_BYTES:
        turns.lost += 1
        return NULL
    if cap != turns.cap:
        grown = realloc(turns.mem, cap)
        if grown == NULL:
            turns.lost += 1
            return NULL
        turns.mem = <u8*>grown
        turns.cap = cap
    turn = <Turn*>(turns.mem + turns.used)
    turns.used += size
    turn.size = size
    turn.facts = facts
    return turn


cdef Turn* turn_put(TurnList* turns, int what, const Row* row, const Cold* cold, u32 number, u64 ts, u64 frame,
                    const Facts* facts) noexcept nogil:
    cdef bint b = (row.bits & BIT_INITIATOR_B) != 0
    cdef Turn* turn = turn_room(turns, facts.used if facts != NULL else 0)
    if turn == NULL:
        return NULL
    turn.what, turn.family, turn.proto, turn.app = <u8>what, row.family, row.proto, app_of(row, cold)
    turn.row, turn.ts, turn.frame, turn.key, turn.id, turn.first = number, ts, frame, cold.key, cold.id, cold.first
    turn.sport = row.pb if b else row.pa
    turn.dport = row.pa if b else row.pb
    turn.payload[0], turn.payload[1] = row.payload[b], row.payload[not b]
    turn.spoke = 0
    memcpy(turn.src, &row.b[0] if b else &row.a[0], 16)
    memcpy(turn.dst, &row.a[0] if b else &row.b[0], 16)
    if facts != NULL:
        memcpy(<u8*>turn + sizeof(Turn), <const u8*>facts + sizeof(Facts), facts.used)
    return turn


cdef inline bint opening(u8 state) noexcept nogil:
    return state == ST_SYN_SENT or state == ST_SYN_RECV


cdef inline bint over(u8 state) noexcept nogil:
    return state == ST_CLOSED or state == ST_TIME_WAIT


cdef int tcp_turn(const Mark* mark, const Row* row, const Packet* pk) noexcept nogil:
    """What the segment did to the connection; -1 nothing."""
    if row.state == mark.state:
        return -1
    if opening(mark.state):
        if ST_ESTABLISHED <= row.state < ST_CLOSED:
            return TURN_OPENED
        if row.state == ST_CLOSED and pk.flags & TCP_RST:
            return TURN_REFUSED if mark.state == ST_SYN_SENT else TURN_ABORTED
    elif over(row.state) and not over(mark.state):
        return TURN_CLOSED
    return -1


cdef void turn_packet(TurnList* turns, const Mark* mark, const Row* row, const Cold* cold, const Packet* pk,
                      u32 number) noexcept nogil:
    """Put down what the packet did to a flow between addresses of the Internet Protocol."""
    cdef int s = pk.side, what = -1
    cdef bint responder = s != (row.bits & BIT_INITIATOR_B)
    cdef Turn* turn
    if (row.family != FAMILY_IP4 and row.family != FAMILY_IP6) or row.proto >= 256:
        return
    if row.packets[0] + row.packets[1] == pk.count:
        if row.proto != PROTO_TCP or pk.flags & (TCP_SYN | TCP_ACK | TCP_RST) == TCP_SYN:
            what = TURN_BEGAN
    elif row.proto == PROTO_TCP:
        what = tcp_turn(mark, row, pk)
    elif responder and row.packets[s] == pk.count:
        what = TURN_ANSWERED
    if what >= 0:
        turn = turn_put(turns, what, row, cold, number, pk.frame.ts, pk.frame.n, NULL)
        if turn != NULL:
            turn.spoke = responder
    if (row.payload[s] ^ mark.payload[s]) >> CARRIED_BITS:
        turn = turn_put(turns, TURN_CARRIED, row, cold, number, pk.frame.ts, pk.frame.n, NULL)
        if turn != NULL:
            turn.spoke = responder
    if row.bits & ~mark.bits & BIT_DPI_DONE and cold.facts != NULL:
        turn_put(turns, TURN_TOLD, row, cold, number, pk.frame.ts, pk.frame.n, cold.facts)


cdef void turn_end(TurnList* turns, const Row* row, const Cold* cold, u32 number, u64 due, u64 frame) noexcept nogil:
    """Put down what was learnt of a flow that was still read when it ended."""
    if (row.family == FAMILY_IP4 or row.family == FAMILY_IP6) and row.proto < 256 and cold.facts != NULL:
        turn_put(turns, TURN_DUE, row, cold, number, due, frame, cold.facts)


cdef class Turns:
    """Give it to Engine.turn_into(); whoever looks empties it after each chunk."""

    def __cinit__(self):
        self.list = <TurnList*>calloc(1, sizeof(TurnList))
        if self.list == NULL:
            raise MemoryError("no memory for turns of flows")

    def __dealloc__(self):
        if self.list != NULL:
            free(self.list.mem)
        free(self.list)

    @property
    def lost(self) -> int:
        """Turns that found no room, since the start."""
        return self.list.lost
