"""Packets that were captured more than once: by a bridge and its port, by a mirror port, on both legs of a router.

A copy has what a sender never repeats at once: the identification of IP, sequence and acknowledgement numbers, checksum
and length of the original. It comes within a millisecond; where another hop count shows that it went through a router,
within ten. Whoever sends again later, or with a new identification, retransmits. Where nothing tells a copy from a
sender that repeats itself (UDP, or an acknowledgement, without an identification on the same link; one whose packet
before was the same) it is the sender's.
"""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.base.mix cimport load64, mix
from netwatch._fast.wire.packet cimport (FAMILY_IP4, Packet, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, TCP_FIN, TCP_RST,
                                         TCP_SYN)

cdef enum:
    SAME_HOP_US = 1000
    OTHER_HOP_US = 10000
    CLOCK = 0xffffff           # of µs that are kept: 16 s


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


cdef inline bint names_itself(const Packet* pk) noexcept nogil:
    """Would the sender's next packet with the same content differ? What TCP sends does, but for acknowledgements: the
    same one is sent again for each segment that was of no use (RFC 5681 section 4.2)."""
    if pk.family == FAMILY_IP4 and pk.ident != 0:
        return True
    if pk.proto == PROTO_TCP:
        return pk.wire_payload != 0 or pk.flags & (TCP_SYN | TCP_FIN | TCP_RST)
    return pk.proto != PROTO_UDP and pk.proto != PROTO_UDPLITE


cdef bint copies_find(Echo* echoes, u32 row, const Packet* pk, bint elsewhere) noexcept nogil:
    """Was the same packet of the flow seen a moment ago? `elsewhere`: not with the marks that this one has."""
    cdef const Echo* e = echo_of(echoes, pk)
    cdef const Sighting* s
    cdef u32 print_, now, age
    cdef int i
    cdef bint found = False
    print_ = print_of(row, pk)
    now = <u32>(pk.frame.ts // 1000) & CLOCK
    for i in range(ECHO_PACKETS):
        s = &e.seen[i]
        if s.print_ == print_ and s.when:
            age = (now - (s.when >> 8)) & CLOCK
            if age > CLOCK // 2:            # copies may be stamped in another order
                age = (0 - age) & CLOCK
            if s.when & 0xff != pk.ttl:
                if age < OTHER_HOP_US:
                    return True
            elif age >= SAME_HOP_US:            # the sender repeats itself
                return False
            else:
                found = elsewhere or names_itself(pk)
    return found


cdef void copies_note(Echo* echoes, u32 row, const Packet* pk) noexcept nogil:
    """Remember a packet of the flow."""
    cdef Echo* e = echo_of(echoes, pk)
    cdef Sighting* s = &e.seen[e.next]
    e.next = e.next + 1 if e.next + 1 < ECHO_PACKETS else 0
    s.print_ = print_of(row, pk)
    s.when = (<u32>(pk.frame.ts // 1000) & CLOCK) << 8 | pk.ttl
