"""Packets that were captured more than once: by a bridge and its port, by a mirror port, on both legs of a router."""
from netwatch._fast.base.bytes cimport i32, u32, u64
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport Packet, PROTO_TCP, TCP_ACK

cdef enum:
    ECHOES = 2048              # places where newest packets are remembered; few enough to stay in a cache
    ECHO_PACKETS = 7

cdef struct Sighting:
    u32 print_                 # of what a copy shares with its original, its flow among it
    u32 when                   # µs * 256 + hop count

cdef struct Echo:              # one cache line, of all flows whose keys hash to it
    u64 next
    Sighting seen[ECHO_PACKETS]


cdef inline Echo* echo_of(Echo* echoes, const Packet* pk) noexcept nogil:
    return &echoes[(pk.hash >> 32) & (ECHOES - 1)]


cdef inline bint may_be_copy(const Row* row, const Packet* pk) noexcept nogil:
    """Has something like it been seen? A TCP segment that brings or acknowledges what is new is no copy."""
    if row.proto != PROTO_TCP:
        return row.packets[pk.side] != 0
    return row.packets[pk.side] and (<i32>(pk.seq - row.nxt[pk.side]) < 0 or pk.wire_payload == 0
                                     and (not pk.flags & TCP_ACK or <i32>(pk.ack - row.acked[pk.side]) <= 0))


cdef bint copies_find(Echo* echoes, u32 row, const Packet* pk, bint elsewhere) noexcept nogil
cdef void copies_note(Echo* echoes, u32 row, const Packet* pk) noexcept nogil
