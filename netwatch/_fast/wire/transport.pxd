"""Transport headers."""
from netwatch._fast.base.bytes cimport u8, u32, be16, be32
from netwatch._fast.wire.cursor cimport Cursor, NEXT_DONE, advance, captured, layer, reject, rest_is_payload
from netwatch._fast.wire.names cimport LAYER_TCP, REJECT_TRANSPORT_CUT, REJECT_TRANSPORT_HEADER
from netwatch._fast.wire.packet cimport Packet, PROTO_TCP, TCP_SYN

cdef void other_transport(Cursor* c) noexcept nogil         # by c.pk.proto
cdef void transport_ports(Cursor* c, u8 proto) noexcept nogil
cdef void tcp_options(Packet* pk, const u8* p, const u8* end) noexcept nogil


cdef inline void tcp(Cursor* c) noexcept nogil:
    cdef const u8* p = c.p
    cdef Packet* pk = c.pk
    cdef u32 n, cut = 0
    layer(c, LAYER_TCP)
    if captured(c) < 20:
        reject(c, REJECT_TRANSPORT_CUT)
        return
    n = (p[12] >> 4) * 4
    if n < 20:
        reject(c, REJECT_TRANSPORT_HEADER)
        return
    pk.sport = be16(p)
    pk.dport = be16(p + 2)
    pk.seq = be32(p + 4)
    pk.ack = be32(p + 8)
    pk.flags = p[13]
    pk.window = be16(p + 14)
    pk.checksum = be16(p + 16)
    if n > c.wire:
        reject(c, REJECT_TRANSPORT_HEADER)
        return
    if n > captured(c):                         # the rest of the header is no payload
        cut = n - captured(c)
        n = captured(c)
    if pk.flags & TCP_SYN:
        tcp_options(pk, p + 20, p + n)
    pk.head = <u8>n
    advance(c, n)
    c.wire -= cut
    rest_is_payload(c)


cdef inline void transport(Cursor* c, u8 proto) noexcept nogil:
    """Read the header of an IP protocol."""
    c.pk.proto = proto
    c.next = NEXT_DONE
    if proto == PROTO_TCP:                      # most packets are spared the table
        tcp(c)
    else:
        other_transport(c)
