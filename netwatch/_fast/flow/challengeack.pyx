"""SYNs that came where a connection lives, until it shows who is right.

The receiver answers such a SYN with an acknowledgement of what it waits for, a challenge, and the connection goes on
(RFC 9293 section 3.10.7.4, RFC 5961 section 4.2): by itself the SYN changes nothing. A receiver that has lost the
connection, or whose end the capture missed, acknowledges the SYN's own number instead. Only that shows that another
connection began. Where the receiver is not seen, or not any more, what its sender goes on with shows it.

They lie in a hash table by the keys of their flows, that grows up to CHALLENGES_MOST; beyond, the oldest of some makes
room.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.base.mix cimport mix
from netwatch._fast.flow.receiver cimport LEAST_WINDOW, near
from netwatch._fast.flow.row cimport Row, SHAKEN_CHALLENGED, TcpRow
from netwatch._fast.flow.table cimport Table
from netwatch._fast.wire.packet cimport NOTE_DROPPED, NOTE_OUTSIDE, Packet, TCP_ACK, TCP_RST, TCP_SYN

cdef enum:
    CHALLENGES_FIRST = 64
    CHALLENGES_MOST = 32768    # flows of which a SYN waits
    NEARBY = 8                 # places that one may have
    ALONE = 3                  # segments that follow the SYN, of a sender that nobody answers
    SECOND = 1000000000
    LONG_IDLE_S = 10           # an answer is not waited for where nothing had come for so long


cdef Challenge* place_of(const Challenges* kept, u64 key, u32 row, bint other) noexcept nogil:
    """That of the flow; flows that begin with parts of one frame have one key. With `other`, if it has none, a free one
    or the oldest. NULL where there is none."""
    cdef u64 at = mix(key, row)
    cdef Challenge* c
    cdef Challenge* best = NULL
    cdef u32 i
    for i in range(NEARBY if kept.cap else 0):
        c = &kept.items[(at + i) & (kept.cap - 1)]
        if c.key == key and c.row == row:
            return c
        if other and (best == NULL or best.key and (c.key == 0 or c.n < best.n)):
            best = c
    return best


cdef bint grow(Challenges* kept) noexcept nogil:
    """Twice as many places; False where there is no memory, or there are enough."""
    cdef Challenges larger
    cdef Challenge* c
    cdef u32 i
    larger.cap = kept.cap * 2 if kept.cap else CHALLENGES_FIRST
    if larger.cap > CHALLENGES_MOST:
        return False
    larger.items = <Challenge*>calloc(larger.cap, sizeof(Challenge))
    if larger.items == NULL:
        return False
    for i in range(kept.cap):
        if kept.items[i].key:
            c = place_of(&larger, kept.items[i].key, kept.items[i].row, True)
            if c.key == 0 or c.n < kept.items[i].n:
                c[0] = kept.items[i]
    free(kept.items)
    kept[0] = larger
    return True


cdef void challenge_note(Challenges* kept, Table* table, u32 number, Packet* pk) noexcept nogil:
    """Let the SYN wait in the flow. The same SYN again is counted, another takes its place."""
    cdef const Row* row = &table.rows[number]
    cdef u64 key = table.colds[number].key
    cdef Challenge* c = place_of(kept, key, number, True)
    pk.notes |= NOTE_OUTSIDE
    while (c == NULL or c.key and not (c.key == key and c.row == number)) and grow(kept):
        c = place_of(kept, key, number, True)
    if c == NULL:
        return
    table.tcps[row.tcp].shaken |= SHAKEN_CHALLENGED
    if c.key == key and c.row == number and c.syn.side == pk.side and c.syn.seq == pk.seq:
        c.packets += pk.count
        c.bytes += pk.wire
        return
    c.key, c.row = key, number
    c.n = pk.frame.n
    c.idle = pk.frame.ts - row.last if pk.frame.ts > row.last else 0
    c.packets = pk.count
    c.bytes = pk.wire
    c.goes_on = 0
    c.lives = False
    c.frame = pk.frame[0]
    c.frame.data = NULL
    c.frame.caplen = 0
    c.syn = pk[0]
    c.syn.notes &= ~NOTE_OUTSIDE
    c.syn.payload_len = 0
    memcpy(c.head, pk.payload - pk.head, pk.head)


cdef bint challenge_taken(Challenges* kept, Table* table, u32 number, const Packet* pk,
                          Challenge* taken) noexcept nogil:
    """Does the packet show that the flow's waiting SYN was taken? If so it waits no more, the flow does not count it,
    and `taken` is a copy of it, whose pointers are to be set: to `taken.frame`, and behind the header in
    `taken.head`."""
    cdef Row* row = &table.rows[number]
    cdef Challenge* c = place_of(kept, table.colds[number].key, number, False)
    if c == NULL or pk.part or pk.notes & NOTE_DROPPED or not pk.flags & TCP_ACK or \
            not shows(c, row, &table.tcps[row.tcp], pk):
        return False
    taken[0] = c[0]
    c.key = 0
    row.packets[taken.syn.side] -= taken.packets
    row.bytes[taken.syn.side] -= taken.bytes
    return True


cdef void challenge_begun(Table* table, u32 number, const Challenge* c) noexcept nogil:
    """The SYN has begun this flow, which has it as often as it came, and from when it first did."""
    cdef Row* row = &table.rows[number]
    cdef int s = c.syn.side
    row.packets[s] += c.packets - c.syn.count
    row.bytes[s] += c.bytes - c.syn.wire
    table.tcps[row.tcp].retrans[s] += <u32>(c.packets - c.syn.count)
    if table.numbered:
        table.frames[number].first = c.n


cdef bint shows(Challenge* c, const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil:
    cdef bint answer = pk.side != c.syn.side
    cdef u32 said = (pk.ack if answer else pk.seq) - c.syn.seq - 1
    if answer and pk.flags & TCP_SYN:
        return said <= c.syn.wire_payload
    if said > LEAST_WINDOW or near(c.syn.seq, row.nxt[c.syn.side]) or not answer and pk.flags & (TCP_SYN | TCP_RST):
        c.lives = True
        return False
    if answer or row.packets[1 - c.syn.side] == 0:
        return True
    c.goes_on += 1
    return (not c.lives and pk.frame.ts - c.frame.ts >= <u64>t.rtt_us * 1000
            and (c.goes_on >= ALONE or c.idle > <u64>LONG_IDLE_S * SECOND))


cdef void challenge_forget(Challenges* kept, u64 key, u32 number) noexcept nogil:
    cdef Challenge* c = place_of(kept, key, number, False)
    if c != NULL:
        c.key = 0
