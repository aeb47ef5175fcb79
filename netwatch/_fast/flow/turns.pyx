"""What happens to flows that detectors want to know, put down while packets go by: some two or three turns a flow.

A turn holds all that is told of the flow, so that it can be read when the flow is gone. Those of packets stand in order
of frames; the end of a flow that nothing ended says when it was due, which does not depend on when the wheel came by.
"""
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport i32, u8, u16, u32, u64, be16
from netwatch._fast.base.domain cimport NAME_TEXT, name_end, name_text
from netwatch._fast.flow.row cimport (BIT_INITIATOR_B, Cold, Facts, Row, ST_CLOSED, ST_DNS_QUERY,
                                      ST_DNS_RESPONSE, ST_ESTABLISHED, ST_SYN_RECV, ST_SYN_SENT, ST_TCP_UNKNOWN,
                                      ST_TIME_WAIT, TcpRow)
from netwatch._fast.flow.content cimport DNS_KEPT, Dpi, FACT_HEAD, app_of
from netwatch._fast.flow.stalls cimport *
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_IP6, NOTE_DROPPED, NOTE_FAST, NOTE_RETRANSMIT,
                                         NOTE_SPURIOUS, NOTE_ZERO_WINDOW, PROTO_TCP, Packet, TCP_ACK, TCP_FIN, TCP_RST,
                                         TCP_SYN)

cdef enum:
    FIRST_BYTES = 65536
    DNS_HEAD = 12
    NAME_KEPT = 96             # bytes of a name that was asked for
    FACT_MOST = 255            # and of one that is a fact


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


cdef inline u32 hearers_of(const Heard* heard, const u8* fact) noexcept nogil:
    """Who hears this fact."""
    cdef u32 i, who = heard.by_fact[fact[0]][fact[1]]
    cdef const Pick* pick
    for i in range(heard.n_picks if who else 0):
        pick = &heard.picks[i]
        if (pick.app == fact[0] and pick.key == fact[1] and fact[2] == 2 and not fact[3]
                and not pick.numbers[be16(fact + FACT_HEAD) >> 3] >> (fact[FACT_HEAD + 1] & 7) & 1):
            who &= ~pick.bit
    return who


cdef void facts_put(TurnList* turns, int what, const Row* row, const Cold* cold, u32 number, u64 ts,
                    u64 frame) noexcept nogil:
    """What the flow said, where somebody hears it."""
    cdef const u8* facts = <const u8*>cold.facts + sizeof(Facts)
    cdef const u8* at = facts
    cdef u32 hearers = turns.heard.any_fact, listening = turns.heard.by_app[app_of(row, cold)]
    cdef Turn* turn
    if cold.facts.used == 0 or not (cold.facts.heard | hearers) & listening:
        return
    while at < facts + cold.facts.used:
        hearers |= hearers_of(&turns.heard, at)
        at += FACT_HEAD + (at[2] | <u32>at[3] << 8)
    hearers &= listening
    if not hearers:
        return
    turn = turn_bare(turns, what, row, cold, number, ts, frame, cold.facts.used)
    if turn != NULL:
        turn.value = hearers
        memcpy(<u8*>turn + sizeof(Turn), facts, cold.facts.used)


cdef Turn* turn_bare(TurnList* turns, int what, const Row* row, const Cold* cold, u32 number, u64 ts, u64 frame,
                     u32 more) noexcept nogil:
    """A turn, and room for `more` bytes behind it."""
    cdef bint b = (row.bits & BIT_INITIATOR_B) != 0
    cdef Turn* turn = turn_room(turns, more)
    if turn == NULL:
        return NULL
    turn.what, turn.family, turn.proto, turn.app = <u8>what, row.family, row.proto, app_of(row, cold)
    turn.row, turn.ts, turn.frame, turn.key, turn.id, turn.first = number, ts, frame, cold.key, cold.id, cold.first
    turn.sport = row.pb if b else row.pa
    turn.dport = row.pa if b else row.pb
    turn.payload[0], turn.payload[1] = row.payload[b], row.payload[not b]
    turn.spoke = turn.code = turn.shard = 0
    turn.value = turn.rtt_us = turn.times = 0
    turn.path = row.path if row.path else cold.back
    memcpy(turn.src, &row.b[0] if b else &row.a[0], 16)
    memcpy(turn.dst, &row.a[0] if b else &row.b[0], 16)
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
    elif row.state == ST_SYN_SENT and mark.state == ST_TCP_UNKNOWN:
        return TURN_BEGAN                       # by a SYN in fragments, of which the first were counted before
    return -1


cdef void pulse_put(TurnList* turns, int what, const Row* row, const Cold* cold, const TcpRow* t, const Packet* pk,
                    u32 number, u64 value, int code, u16 times) noexcept nogil:
    cdef Turn* turn = turn_bare(turns, what, row, cold, number, pk.frame.ts, pk.frame.n, 0)
    if turn != NULL:
        turn.spoke = pk.side != (row.bits & BIT_INITIATOR_B)
        turn.value, turn.code, turn.times, turn.rtt_us = value, <u8>code, times, t.rtt_us


cdef void pulse_packet(TurnList* turns, const Mark* mark, const Row* row, const Cold* cold, const TcpRow* t,
                       const Packet* pk, u32 number) noexcept nogil:
    """What the segment means for who waits for the connection: an answer, a loss, a window that shuts or opens."""
    cdef int s = pk.side
    cdef bint responder = s != (row.bits & BIT_INITIATOR_B), fresh = row.payload[s] > mark.payload
    cdef Pulse* p
    if pk.notes & NOTE_DROPPED:
        return
    if mark.state == ST_SYN_SENT and row.state == ST_SYN_RECV:
        pulse_put(turns, TURN_GREETED, row, cold, t, pk, number, 0, 0, 0)
    p = pulse_of(turns.pulses, row.tcp, cold.key)
    if p == NULL:
        return
    if fresh and not responder:
        p.asked = pk.frame.ts
        p.bits &= <u8>~PULSE_HURT
    elif fresh and p.asked:
        pulse_put(turns, TURN_REPLIED, row, cold, t, pk, number,
                  pk.frame.ts - p.asked if pk.frame.ts > p.asked else 0, p.bits & PULSE_HURT, 0)
        p.asked = 0
    if pk.wire_payload >= BIG and not p.bits & (PULSE_BIG << s):
        p.bits |= <u8>(PULSE_BIG << s)
        p.big[s] = pk.seq
    if pk.notes & NOTE_RETRANSMIT:
        p.bits |= PULSE_HURT
        again(turns, p, row, cold, t, pk, number)
    if not pk.flags & (TCP_SYN | TCP_FIN | TCP_RST):
        window(turns, p, row, cold, t, pk, number)


cdef void again(TurnList* turns, Pulse* p, const Row* row, const Cold* cold, const TcpRow* t, const Packet* pk,
                u32 number) noexcept nogil:
    """The segment was sent before."""
    cdef int s = pk.side, o = 1 - pk.side, code = 0
    cdef u64 sent = row.packets[s]
    p.times[s] = <u16>(p.times[s] + 1 if p.seq[s] == pk.seq and 0 < p.times[s] < 65535 else 1)
    p.seq[s] = pk.seq
    if pk.notes & NOTE_SPURIOUS:
        code |= RESENT_SPURIOUS
    if pk.notes & NOTE_FAST:
        code |= RESENT_FAST
    if pk.flags & TCP_SYN:
        code |= RESENT_SYN
    elif (p.bits & (PULSE_BIG << s) and pk.seq == p.big[s] and p.times[s] >= BIG_TIMES and t.shaken & 7 == 7
            and <i32>(row.acked[o] - p.big[s]) <= 0):
        code |= RESENT_BIG
    pulse_put(turns, TURN_RESENT, row, cold, t, pk, number, <u32>sent - p.sent[s], code, p.times[s])
    p.sent[s] = <u32>sent


cdef void window(TurnList* turns, Pulse* p, const Row* row, const Cold* cold, const TcpRow* t, const Packet* pk,
                 u32 number) noexcept nogil:
    """What the side says of its window."""
    cdef int s = pk.side
    cdef u64 shut = pk.frame.ts - p.shut[s] if p.shut[s] and pk.frame.ts > p.shut[s] else 0
    if pk.notes & NOTE_ZERO_WINDOW:
        p.bits |= PULSE_HURT
        if p.shut[s] == 0:
            p.shut[s] = pk.frame.ts
        elif shut >= SHUT_NS:
            pulse_put(turns, TURN_SHUT, row, cold, t, pk, number, shut, 0, 0)
    elif p.shut[s]:
        if shut >= SHUT_NS:
            pulse_put(turns, TURN_READ, row, cold, t, pk, number, shut, 0, 0)
        p.shut[s] = 0


cdef void named(TurnList* turns, const Mark* mark, const Row* row, const Cold* cold, const Dpi* dpi, const Packet* pk,
                u32 number) noexcept nogil:
    """A DNS response in a datagram (RFC 1035 section 4.1.1), with the name that was asked for."""
    cdef const u8* p = pk.payload
    cdef char text[NAME_TEXT]
    cdef int n = 0
    cdef Turn* turn
    if pk.payload_len < DNS_HEAD or not p[2] & 0x80:
        return
    if be16(p + 4):
        n = name_text(p, pk.payload_len, DNS_HEAD, text)
    n = min(max(n, 0), <int>NAME_KEPT)
    turn = turn_bare(turns, TURN_NAMED, row, cold, number, pk.frame.ts, pk.frame.n, <u32>n)
    if turn == NULL:
        return
    memcpy(<u8*>turn + sizeof(Turn), text, n)
    turn.spoke, turn.code = 1, p[3] & 15
    if dpi.dns_timed > mark.dns:
        turn.value = dpi.dns_ns[(dpi.dns_timed - 1) % DNS_KEPT]


cdef void asked(TurnList* turns, const Row* row, const Cold* cold, const Packet* pk, u32 number) noexcept nogil:
    """A DNS query in a datagram for a long name: flows keep a few of many."""
    cdef const u8* p = pk.payload
    cdef char text[NAME_TEXT]
    cdef int n
    cdef Turn* turn
    cdef u8* fact
    if pk.payload_len < DNS_HEAD + ASKED_LEAST or p[2] & 0x80 or not be16(p + 4):
        return
    if name_end(p, pk.payload_len, DNS_HEAD) < DNS_HEAD + ASKED_LEAST + 2:      # as most are; 0 is a broken one
        return
    n = min(name_text(p, pk.payload_len, DNS_HEAD, text), <int>FACT_MOST)
    turn = turn_bare(turns, TURN_ASKED, row, cold, number, pk.frame.ts, pk.frame.n, FACT_HEAD + <u32>n)
    if turn == NULL:
        return
    fact = <u8*>turn + sizeof(Turn)
    fact[0], fact[1], fact[2], fact[3] = turns.heard.name[0], turns.heard.name[1], <u8>n, 0
    memcpy(fact + FACT_HEAD, text, n)


cdef inline bint probed(const Row* row, const TcpRow* tcp, const Packet* pk) noexcept nogil:
    """Is a RST all that a segment got that opened nothing and carried nothing, as scans by FIN, ACK and the like do?"""
    cdef int s = pk.side
    return (row.packets[s] == pk.count and not tcp.flags[1 - s] & (TCP_SYN | TCP_RST)
            and row.payload[0] + row.payload[1] == 0)


cdef void probe_put(TurnList* turns, const Row* row, const Cold* cold, const Packet* pk, u32 number) noexcept nogil:
    cdef int by = 1 - pk.side
    cdef Turn* turn = turn_bare(turns, TURN_PROBED, row, cold, number, pk.frame.ts, pk.frame.n, 0)
    if turn != NULL:
        turn.sport = row.pb if by else row.pa
        turn.dport = row.pa if by else row.pb
        memcpy(turn.src, &row.b[0] if by else &row.a[0], 16)
        memcpy(turn.dst, &row.a[0] if by else &row.b[0], 16)


cdef void turn_packet(TurnList* turns, const Mark* mark, const Row* row, const Cold* cold, const TcpRow* tcp,
                      const Dpi* dpi, const Packet* pk, u32 number) noexcept nogil:
    """Put down what the packet did to a flow between addresses of the Internet Protocol."""
    cdef int s = pk.side, what = -1
    cdef bint responder = s != (row.bits & BIT_INITIATOR_B)
    cdef Turn* turn
    cdef u32 more = 0
    if (row.family != FAMILY_IP4 and row.family != FAMILY_IP6) or row.proto >= 256:
        return
    if row.packets[0] + row.packets[1] == pk.count:
        if row.proto != PROTO_TCP or pk.flags & (TCP_SYN | TCP_ACK | TCP_RST) == TCP_SYN:
            what = TURN_BEGAN
    elif row.proto == PROTO_TCP:
        what = tcp_turn(mark, row, pk)
        if what == TURN_CLOSED and not turns.heard.closes[app_of(row, cold)]:
            what = -1
    elif responder and row.packets[s] == pk.count:
        what = TURN_ANSWERED
    if what >= 0:
        if what == TURN_CLOSED and turns.heard.closes[app_of(row, cold)] & CLOSES_FACTS and cold.facts != NULL:
            more = cold.facts.used
        turn = turn_bare(turns, what, row, cold, number, pk.frame.ts, pk.frame.n, more)
        if turn != NULL:
            turn.spoke = responder
            if more:
                memcpy(<u8*>turn + sizeof(Turn), <const u8*>cold.facts + sizeof(Facts), more)
            if what == TURN_OPENED:
                turn.value = pk.frame.ts - cold.first if pk.frame.ts > cold.first else 0
                turn.rtt_us, turn.code = tcp.rtt_us, tcp.retrans[row.bits & BIT_INITIATOR_B] != 0
    elif row.proto == PROTO_TCP and pk.flags & TCP_RST and row.tcp and probed(row, tcp, pk):
        probe_put(turns, row, cold, pk, number)
    if (row.payload[s] ^ mark.payload) >> CARRIED_BITS:
        turn = turn_bare(turns, TURN_CARRIED, row, cold, number, pk.frame.ts, pk.frame.n, 0)
        if turn != NULL:
            turn.spoke = responder
    if not mark.over and cold.facts != NULL and reading_is_over(row, dpi):
        facts_put(turns, TURN_TOLD, row, cold, number, pk.frame.ts, pk.frame.n)
    if turns.heard.asked and row.state == ST_DNS_QUERY and not responder and not pk.part:
        asked(turns, row, cold, pk, number)
    if turns.pulses != NULL:
        if row.proto == PROTO_TCP and row.tcp and not pk.part:
            pulse_packet(turns, mark, row, cold, tcp, pk, number)
        elif responder and row.state == ST_DNS_RESPONSE and not pk.part:
            named(turns, mark, row, cold, dpi, pk, number)


cdef void turn_link(TurnList* turns, const Row* row, const Cold* cold, u32 number, u64 ts, u64 frame, const u8* told,
                    u32 n) noexcept nogil:
    """Put down what a station says of itself, n bytes."""
    cdef Turn* turn = turn_bare(turns, TURN_LINK, row, cold, number, ts, frame, n)
    if turn != NULL:
        memcpy(<u8*>turn + sizeof(Turn), told, n)


cdef void turn_end(TurnList* turns, const Row* row, const Cold* cold, u32 number, u64 due, u64 frame) noexcept nogil:
    """Put down what was learnt of a flow that was still read when it ended."""
    if (row.family == FAMILY_IP4 or row.family == FAMILY_IP6) and row.proto < 256 and cold.facts != NULL:
        facts_put(turns, TURN_DUE, row, cold, number, due, frame)


cdef class Turns:
    """Give it to Engine.turn_into(); whoever looks empties it after each chunk."""

    def __cinit__(self):
        self.list = <TurnList*>calloc(1, sizeof(TurnList))
        if self.list == NULL:
            raise MemoryError("no memory for turns of flows")

    def __dealloc__(self):
        if self.list != NULL:
            free(self.list.mem)
            if self.list.pulses != NULL:
                free(self.list.pulses.mem)
            free(self.list.pulses)
        free(self.list)

    def diagnose(self) -> None:
        """From now on what who diagnoses wants to know is put down too."""
        if self.list.pulses == NULL:
            self.list.pulses = <Pulses*>calloc(1, sizeof(Pulses))
            if self.list.pulses == NULL:
                raise MemoryError("no memory for turns of flows")

    @property
    def lost(self) -> int:
        """Turns that found no room, since the start."""
        return self.list.lost
