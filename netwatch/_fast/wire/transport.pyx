"""Transport headers: TCP, UDP, UDP-Lite, ICMP, SCTP, and what else an IP packet carries.

TCP: RFC 9293; UDP: RFC 768; UDP-Lite: RFC 3828; SCTP: RFC 9260; ICMP: RFC 792, 4443. What carries another packet
(tunnels, AH, IPComp) leaves in the cursor what comes next. Every read is preceded by a check of the captured length.
"""
from netwatch._fast.base.bytes cimport u8, u32, be16
from netwatch._fast.wire.packet cimport (FAMILY_IP4, MAX_TUNNELS, NOTE_BEYOND, NOTE_DROPPED, PROTO_ICMP, PROTO_ICMP6,
                                         PROTO_IGMP, PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, Packet)
from netwatch._fast.wire.names cimport (LAYER_AH, LAYER_ESP, LAYER_ICMP, LAYER_ICMP6, LAYER_IGMP, LAYER_IPCOMP,
                                        LAYER_PIM, LAYER_SCTP, LAYER_UDP, LAYER_UDPLITE,
                                        REJECT_TRANSPORT_BEYOND, REJECT_TRANSPORT_CUT, REJECT_TRANSPORT_HEADER,
                                        TUN_4IN6, TUN_6IN4, TUN_6IN6, TUN_AH, TUN_ESP, TUN_ETHERIP, TUN_GRE, TUN_IPIP,
                                        TUN_MPLS, TUN_MINIMAL, TUN_PIM, TUN_SRV6)
from netwatch._fast.wire.cursor cimport (Cursor, NEXT_CHAIN, NEXT_DONE, NEXT_ETH, NEXT_IP, NEXT_MPLS, advance, captured,
                                         layer, reject, rest_is_payload)
from netwatch._fast.wire.defrag cimport defrag_keep
from netwatch._fast.wire.esp cimport esp_null
from netwatch._fast.wire.evidence cimport is_ethernet, is_ip
from netwatch._fast.wire.gre cimport gre
from netwatch._fast.wire.ipcomp cimport ipcomp_open
from netwatch._fast.wire.l2tp cimport l2tp_in_ip
from netwatch._fast.wire.overlays cimport udp_tunnel
from netwatch._fast.wire.tunnel cimport push_tunnel

cdef enum:
    ET_IP4 = 0x0800
    ET_IP6 = 0x86DD
    KINDS = 20
    ENDS_ONLY = 4              # the readers up to this one know when not to enter a tunnel
    UDP_HEADER = 8

ctypedef void (*Reader)(Cursor*) noexcept nogil

cdef Reader READER[KINDS]       # 0 is for what only has two ends
cdef u8 READER_OF[256]          # by IP protocol number


cdef int _carried(int number, Reader reader, protocols) except -1:
    """`reader` reads the header of these IP protocols."""
    READER[number] = reader
    for protocol in protocols:
        READER_OF[<u32>protocol] = <u8>number
    return 0


_carried(0, rest_is_payload, ())
_carried(1, tcp, (PROTO_TCP,))
_carried(2, udp, (PROTO_UDP, PROTO_UDPLITE))
_carried(3, icmp, (PROTO_ICMP, PROTO_ICMP6))
_carried(4, sctp, (PROTO_SCTP,))
_carried(5, ip_in_ip, (4, 94))
_carried(6, ip6_in_ip, (41,))
_carried(7, gre_in_ip, (47,))
_carried(8, mpls_in_ip, (137,))
_carried(9, ether_ip, (97,))
_carried(10, ip_comp, (108,))
_carried(11, authentication, (51,))
_carried(12, encrypted, (50,))
_carried(13, igmp, (PROTO_IGMP,))
_carried(14, pim, (103,))
_carried(15, l2tp, (115,))
_carried(16, srv6_ethernet, (143,))
_carried(17, minimal, (55,))


cdef void other_transport(Cursor* c) noexcept nogil:
    if c.pk.notes & NOTE_DROPPED and READER_OF[c.pk.proto] > ENDS_ONLY:
        rest_is_payload(c)                      # who drops it enters no tunnel
    else:
        READER[READER_OF[c.pk.proto]](c)


cdef void transport_ports(Cursor* c, u8 proto) noexcept nogil:
    """Of a fragment that stands alone: its ports, where its protocol begins with them."""
    c.pk.proto = proto
    c.next = NEXT_DONE
    if captured(c) >= 4 and proto in (PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, PROTO_SCTP):
        c.pk.sport = be16(c.p)
        c.pk.dport = be16(c.p + 2)
    elif captured(c) >= 8 and proto in (PROTO_ICMP, PROTO_ICMP6):
        c.pk.icmp_type = c.p[0]
        c.pk.icmp_code = c.p[1]
        if is_echo(c):
            c.pk.sport = c.pk.dport = be16(c.p + 4)


cdef bint is_echo(Cursor* c) noexcept nogil:
    """An ICMP echo or its reply, which have an identifier."""
    if c.pk.proto == PROTO_ICMP6:
        return c.pk.icmp_type == 128 or c.pk.icmp_type == 129
    return c.pk.icmp_type == 0 or c.pk.icmp_type == 8


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
    pk.checksum = be16(p + 6)
    n = be16(p + 4)
    if pk.proto == PROTO_UDP and n:
        if n < UDP_HEADER:
            reject(c, REJECT_TRANSPORT_HEADER)
            return
        if n > c.wire and not c.partial:        # no receiver takes it (RFC 768; Linux udp_rcv)
            c.parser.rejects[REJECT_TRANSPORT_BEYOND] += 1
            pk.notes |= NOTE_BEYOND
    advance(c, UDP_HEADER)
    if pk.proto == PROTO_UDP and n and n - 8 < c.wire:
        c.wire = n - 8
        if c.wire < captured(c):
            c.end = c.p + c.wire
    rest_is_payload(c)
    if c.encap.n_tunnel < MAX_TUNNELS and not pk.notes & NOTE_DROPPED and udp_tunnel(c):
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
    if captured(c) >= 8 and is_echo(c):
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


cdef void ip_in_ip(Cursor* c) noexcept nogil:
    push_tunnel(c, TUN_IPIP if c.pk.family == FAMILY_IP4 else TUN_4IN6)
    c.next = ET_IP4


cdef void ip6_in_ip(Cursor* c) noexcept nogil:
    push_tunnel(c, TUN_6IN4 if c.pk.family == FAMILY_IP4 else TUN_6IN6)
    c.next = ET_IP6


cdef void gre_in_ip(Cursor* c) noexcept nogil:
    if not gre(c, TUN_GRE):
        rest_is_payload(c)


cdef void mpls_in_ip(Cursor* c) noexcept nogil:
    """RFC 4023."""
    push_tunnel(c, TUN_MPLS)
    c.next = NEXT_MPLS


cdef void ether_ip(Cursor* c) noexcept nogil:
    """EtherIP (RFC 3378): version 3 in the first four bits of two bytes; some wrote it into the next four, or one byte
    only, and are believed when a frame follows."""
    cdef const u8* p = c.p
    cdef u32 n = 2
    if captured(c) < 16:
        rest_is_payload(c)
        return
    if p[0] >> 4 != 3:
        if p[0] & 15 != 3 and p[1] & 15 != 3:
            n = 0
        elif not is_ethernet(p + 2, captured(c) - 2, c.wire - 2, False):
            n = 1 if is_ethernet(p + 1, captured(c) - 1, c.wire - 1, False) else 0
    elif p[0] == 0x30 and p[1] != 0 and is_ethernet(p + 1, captured(c) - 1, c.wire - 1, False):
        n = 1
    if n == 0:
        rest_is_payload(c)
        return
    push_tunnel(c, TUN_ETHERIP)
    advance(c, n)
    c.next = NEXT_ETH


cdef void srv6_ethernet(Cursor* c) noexcept nogil:
    """Ethernet as next header 143 (RFC 8986 section 9.1)."""
    if captured(c) < 14:
        rest_is_payload(c)
        return
    push_tunnel(c, TUN_SRV6)
    c.next = NEXT_ETH


cdef void l2tp(Cursor* c) noexcept nogil:
    if not l2tp_in_ip(c):
        rest_is_payload(c)


cdef void pim(Cursor* c) noexcept nogil:
    """PIM (RFC 7761 section 4.9): a Register of version 2 carries the packet of a source, unless it is a null one."""
    cdef const u8* p = c.p
    layer(c, LAYER_PIM)
    if captured(c) >= 1:
        c.pk.icmp_type = p[0] & 15
    if captured(c) < 28 or p[0] != 0x21 or p[4] & 0x40 or not is_ip(p + 8, captured(c) - 8, c.wire - 8, False):
        rest_is_payload(c)
        return
    push_tunnel(c, TUN_PIM)
    advance(c, 8)
    c.next = NEXT_IP


cdef void minimal(Cursor* c) noexcept nogil:
    """Minimal encapsulation (RFC 2004): the ends as they were before it, and the transport."""
    cdef const u8* p = c.p
    cdef u32 n = 12 if captured(c) >= 2 and p[1] & 0x80 else 8
    cdef u8 proto
    cdef int i
    if c.pk.family != FAMILY_IP4 or captured(c) < n or p[0] == 55:
        rest_is_payload(c)
        return
    proto = p[0]
    push_tunnel(c, TUN_MINIMAL)
    for i in range(4):
        c.pk.dst[i] = p[4 + i]
        if n == 12:
            c.pk.src[i] = p[8 + i]
    advance(c, n)
    chain(c, proto)


cdef void ip_comp(Cursor* c) noexcept nogil:
    """A payload that IPComp (RFC 3173) compressed is opened where it is deflate. It stays of the conversation that is
    not compressed: what would not become smaller is sent as it is (section 2.2)."""
    cdef u8 proto = c.p[0] if captured(c) else 0
    layer(c, LAYER_IPCOMP)
    if ipcomp(c):
        chain(c, proto)
    else:
        rest_is_payload(c)


cdef void protected(Cursor* c, u8 kind, u8 proto) noexcept nogil:
    """What AH or ESP protects is a path of its own: it reaches only who has the security association (RFC 4301 section
    5.2), and nothing of it belongs to a conversation in the clear between the same ends. The SPI, which is of one
    direction and changes while they speak, is no part of the path."""
    if c.encap.n_tunnel >= MAX_TUNNELS:
        rest_is_payload(c)
        return
    push_tunnel(c, kind)
    chain(c, proto)


cdef void authentication(Cursor* c) noexcept nogil:
    """AH, RFC 4302 section 2: what it protects can be read."""
    cdef const u8* p = c.p
    if captured(c) < 12:
        rest_is_payload(c)
        return
    layer(c, LAYER_AH)
    if advance(c, (<u32>p[1] + 2) * 4):
        protected(c, TUN_AH, p[0])
    else:
        reject(c, REJECT_TRANSPORT_CUT)


cdef void encrypted(Cursor* c) noexcept nogil:
    """ESP, RFC 4303."""
    cdef u8 proto = 0
    layer(c, LAYER_ESP)
    if c.partial or not esp_null(c, &proto):
        rest_is_payload(c)
    else:
        protected(c, TUN_ESP, proto)


cdef void igmp(Cursor* c) noexcept nogil:
    layer(c, LAYER_IGMP)
    if captured(c) >= 1:
        c.pk.icmp_type = c.p[0]
    rest_is_payload(c)
