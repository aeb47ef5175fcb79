"""Packets that were captured more than once: by a bridge and its port, by a mirror port, on both legs of a router."""
from netwatch._fast.base.bytes cimport i32, u32, u64
from netwatch._fast.base.mix cimport load64, mix
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport Packet, PROTO_TCP, TCP_ACK

cdef enum:
    ECHOES = 2048              # places where newest packets are remembered; few enough to stay in a cache
    ECHO_PACKETS = 7
    CLOCK = 0xffffff           # of µs that are kept: 16 s

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


cdef inline u32 print_of(u32 row, const Packet* pk) noexcept nogil:
    """Its checksum stands for what a TCP segment has; of others the ends of the payload are looked at as well."""
    cdef u32 own = (<u32>pk.ident << 16 | pk.checksum) ^ row * <u32>0xC2B2AE35
    cdef u64 rest
    if pk.proto == PROTO_TCP:
        rest = pk.flags | <u64>pk.side << 8 | <u64>pk.part << 9
        return <u32>mix(pk.seq | <u64>pk.ack << 32, own | rest << 32)
    rest = pk.wire_payload | <u64>pk.side << 56 | <u64>pk.part << 57
    if pk.payload_len >= 8:
        rest ^= load64(pk.payload) ^ load64(pk.payload + pk.payload_len - 8) << 1
    return <u32>mix(rest, own | <u64>pk.seq << 32)


cdef inline void copies_note(Echo* echoes, u32 row, const Packet* pk) noexcept nogil:
    """Remember a packet of the flow."""
    cdef Echo* e = echo_of(echoes, pk)
    cdef Sighting* s = &e.seen[e.next]
    e.next = e.next + 1 if e.next + 1 < ECHO_PACKETS else 0
    s.print_ = print_of(row, pk)
    s.when = (<u32>(pk.frame.ts // 1000) & CLOCK) << 8 | pk.ttl
