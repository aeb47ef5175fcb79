"""Packets that were captured more than once: by a bridge and its port, by a mirror port, on both legs of a router.

A copy has what a sender never repeats at once: the identification of IP, sequence and acknowledgement numbers, checksum
and length of the original. It comes within a millisecond; where another hop count shows that it went through a router,
within ten. Whoever sends again later, or with a new identification, retransmits. Where nothing tells a copy from a
sender that repeats itself (UDP, or an acknowledgement, without an identification on the same link; one whose packet
before was the same) it is the sender's.
"""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.wire.packet cimport Packet, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, TCP_FIN, TCP_RST, TCP_SYN

cdef enum:
    SAME_HOP_US = 1000
    OTHER_HOP_US = 10000


cdef inline bint names_itself(const Packet* pk) noexcept nogil:
    """Would the sender's next packet with the same content differ? What TCP sends does, but for acknowledgements: the
    same one is sent again for each segment that was of no use (RFC 5681 section 4.2)."""
    if pk.ident != 0:                   # of IPv4, and of fragments
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
