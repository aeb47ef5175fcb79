"""Transport headers: TCP, UDP, UDP-Lite, ICMP, SCTP, and what else an IP packet carries.

TCP: RFC 9293; UDP: RFC 768; UDP-Lite: RFC 3828; SCTP: RFC 9260; ICMP: RFC 792, 4443. What carries another packet
(tunnels, AH, IPComp) leaves in the cursor what comes next. Every read is preceded by a check of the captured length.
"""
from netwatch._fast.base.bytes cimport u8, u32, be16, be32
from netwatch._fast.wire.packet cimport *
from netwatch._fast.wire.names cimport *
from netwatch._fast.wire.cursor cimport *
from netwatch._fast.wire.defrag cimport defrag_keep
from netwatch._fast.wire.ipcomp cimport ipcomp_open
from netwatch._fast.wire.tunnel cimport push_tunnel, udp_tunnel, gre


cdef void transport(Cursor* c, u8 proto) noexcept nogil:
    c.pk.proto = proto
    c.next = NEXT_DONE
    if proto == PROTO_TCP:
        tcp(c)
    elif proto == PROTO_UDP or proto == PROTO_UDPLITE:
        udp(c)
    elif proto == PROTO_ICMP or proto == PROTO_ICMP6:
        icmp(c)
    elif proto == PROTO_SCTP:
        sctp(c)
    else:
        other_transport(c, proto)


cdef void rest_is_payload(Cursor* c) noexcept nogil:
    c.pk.payload = c.p
    c.pk.payload_len = captured(c)
    c.pk.wire_payload = c.wire if c.wire > c.pk.payload_len else c.pk.payload_len


cdef void tcp(Cursor* c) noexcept nogil:
    cdef const u8* p = c.p
    cdef Packet* pk = c.pk
    cdef u32 n
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
    if n > c.wire:
        reject(c, REJECT_TRANSPORT_HEADER)
        return
    if n > captured(c):
        n = captured(c)
    if pk.flags & TCP_SYN:
        tcp_options(pk, p + 20, p + n)
    pk.head = <u8>n
    advance(c, n)
    rest_is_payload(c)


cdef void tcp_options(Packet* pk, const u8* p, const u8* end) noexcept nogil:
    """MSS, window scale and SACK-permitted of a SYN (RFC 9293 section 3.2, RFC 7323, RFC 2018)."""
    while p < end and p[0] != 0:
        if p[0] == 1:
            p += 1
            continue
        if end - p < 2 or p[1] < 2 or p[1] > end - p:
            return
        if p[0] == 2 and p[1] == 4:
            pk.mss = be16(p + 2)
        elif p[0] == 3 and p[1] == 3:
            pk.wscale = (p[2] if p[2] < 14 else 14) + 1
        elif p[0] == 4:
            pk.sack_ok = 1
        p += p[1]


cdef void udp(Cursor* c) noexcept nogil:
    cdef const u8* p = c.p
    cdef Packet* pk = c.pk
    cdef u32 n
    layer(c, LAYER_UDP if pk.proto == PROTO_UDP else LAYER_UDPLITE)
    if captured(c) < 8:
        reject(c, REJECT_TRANSPORT_CUT)
        return
    pk.sport = be16(p)
    pk.dport = be16(p + 2)
    n = be16(p + 4)
    if pk.proto == PROTO_UDP and n and n < 8:
        reject(c, REJECT_TRANSPORT_HEADER)
        return
    advance(c, 8)
    if pk.proto == PROTO_UDP and n and n - 8 < c.wire:
        c.wire = n - 8
        if c.wire < captured(c):
            c.end = c.p + c.wire
    rest_is_payload(c)
    if c.encap.n_tunnel < MAX_TUNNELS and udp_tunnel(c):
        c.entered = True


cdef void icmp(Cursor* c) noexcept nogil:
    """Echo flows are keyed by their identifier; what an error message quotes is not a packet of its own."""
    cdef const u8* p = c.p
    cdef Packet* pk = c.pk
    cdef bint six = pk.proto == PROTO_ICMP6
    layer(c, LAYER_ICMP6 if six else LAYER_ICMP)
    if captured(c) < 4:
        reject(c, REJECT_TRANSPORT_CUT)
        return
    pk.icmp_type = p[0]
    pk.icmp_code = p[1]
    if captured(c) >= 8 and ((six and p[0] in (128, 129)) or (not six and p[0] in (0, 8))):
        pk.sport = pk.dport = be16(p + 4)
    rest_is_payload(c)


cdef void sctp(Cursor* c) noexcept nogil:
    """Common header and the type of the first chunk (RFC 9260 section 3)."""
    cdef const u8* p = c.p
    layer(c, LAYER_SCTP)
    if captured(c) < 12:
        reject(c, REJECT_TRANSPORT_CUT)
        return
    c.pk.sport = be16(p)
    c.pk.dport = be16(p + 2)
    advance(c, 12)
    if captured(c) >= 4:
        c.pk.icmp_type = c.p[0]
    rest_is_payload(c)


cdef inline void chain(Cursor* c, u8 proto) noexcept nogil:
    """Another IP protocol follows."""
    c.proto = proto
    c.next = NEXT_CHAIN


cdef bint ipcomp(Cursor* c) noexcept nogil:
    """Open a compressed payload; the cursor then stands in the opened one."""
    cdef u32 n
    cdef u8* data
    if captured(c) < c.wire:
        return False
    data = ipcomp_open(c.p, captured(c), &n)
    if data == NULL or not defrag_keep(c.parser.defrag, data):
        return False
    c.p = data
    c.end = data + n
    c.wire = n
    return True


cdef void other_transport(Cursor* c, u8 proto) noexcept nogil:
    """IP in IP, GRE, EtherIP and AH are followed; ESP, OSPF and all else are flows between two addresses."""
    cdef const u8* p = c.p
    cdef u32 n
    if proto == 4 or proto == 94:
        push_tunnel(c, TUN_IPIP if c.pk.family == FAMILY_IP4 else TUN_4IN6, 0)
        c.next = 0x0800
    elif proto == 41:
        push_tunnel(c, TUN_6IN4 if c.pk.family == FAMILY_IP4 else TUN_6IN6, 0)
        c.next = 0x86DD
    elif proto == 47 and gre(c):
        return
    elif proto == 137:                                                 # MPLS in IP, RFC 4023
        push_tunnel(c, TUN_MPLS, 0)
        c.next = NEXT_MPLS
    elif proto == 97 and captured(c) >= 16 and p[0] >> 4 == 3:        # EtherIP, RFC 3378
        push_tunnel(c, TUN_ETHERIP, 0)
        advance(c, 2)
        c.next = NEXT_ETH
    elif proto == 108 and ipcomp(c):
        chain(c, p[0])
    elif proto == 51 and captured(c) >= 12:                            # AH, RFC 4302 section 2
        layer(c, LAYER_AH)
        n = (p[1] + 2) * 4
        if advance(c, n):
            chain(c, p[0])
        else:
            reject(c, REJECT_TRANSPORT_CUT)
    else:
        if proto == 50:
            layer(c, LAYER_ESP)
        elif proto == PROTO_IGMP:
            layer(c, LAYER_IGMP)
            if captured(c) >= 1:
                c.pk.icmp_type = p[0]
        rest_is_payload(c)
