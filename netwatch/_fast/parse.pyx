"""From a frame to its Packets: network headers, fragments, tunnels followed, padding trimmed, rejects counted.

Every read is preceded by a check of the captured length. IPv4: RFC 791; IPv6: RFC 8200.
"""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, be16, be32
from netwatch._fast.wire.packet cimport (Encap, FAMILY_IP4, FAMILY_IP6, FAMILY_NONE, FRAME_TIMELESS, Frame,
                                         NOTE_BEYOND, NOTE_COPY, NOTE_HEADER, PROTO_TCP, Packet, hash_key)
from netwatch._fast.wire.names cimport (LAYER_IP4, LAYER_IP6, LAYER_IP6EXT, REJECT_AGGREGATE,
                                        REJECT_FRAGMENT, REJECT_FRAGMENT_BAD, REJECT_IP6_EXT, REJECT_IP_BEYOND,
                                        REJECT_IP_CUT, REJECT_IP_HEADER, REJECT_IP_LENGTH, REJECT_LINK_TYPE,
                                        REJECT_TUNNEL_DEPTH)
from netwatch._fast.wire.arp cimport arp
from netwatch._fast.wire.ip cimport check_header, options_agree, unpadded
from netwatch._fast.wire.encap cimport base_of, path_marks, path_of
from netwatch._fast.wire.defrag cimport (Datagram, Fragment, Whole, defrag_add, defrag_done, DEFRAG_AGAIN, DEFRAG_BAD,
                                         DEFRAG_WAIT)
from netwatch._fast.wire.link cimport ethernet, link_step
from netwatch._fast.wire.linktypes cimport link_open
from netwatch._fast.wire.transport cimport transport, transport_ports
from netwatch._fast.wire.cursor cimport (Cursor, DECAPS_MAX, NEXT_AMSDU, NEXT_CHAIN, NEXT_DONE, NEXT_ETH, NEXT_GRE,
                                         NEXT_IP, Parser, PER_FRAME, PER_PACKET, advance, captured, layer, reject)

cdef extern from *:
    """
    /* For sizes that the compiler knows: words of a vector register, where a call of memset() costs as much again. */
    static inline void nw_zero(void *p, size_t n) {
        typedef long long two __attribute__((vector_size(16), aligned(1), may_alias));
        size_t at = 0;
        #pragma GCC unroll 16
        for (; at + 16 <= n; at += 16) *(two *)((char *)p + at) = (two){0, 0};
        memset((char *)p + at, 0, n - at);
    }
    """
    void zero "nw_zero"(void* p, size_t n) noexcept nogil

cdef enum:
    FRAG_MORE = 0x2000
    FRAG_OFFSET = 0x1fff
    IP6_HEADERS = 128          # extension headers followed; each has 8 bytes at least


cdef void parse_frame(Parser* parser, const Frame* frame) noexcept nogil:
    """Append to parser.out the packets of one frame: at least one, at most PER_FRAME."""
    cdef Cursor c
    cdef Encap encap
    cdef u32 begun = parser.n_out
    c.encap = &encap
    begin(&c, parser, frame)
    if frame.caplen < frame.len:
        parser.snap_cut += 1
    if frame.bits & FRAME_TIMELESS:
        parser.timeless += 1
    link_open(&c)
    while True:
        follow(&c)
        if c.more == NULL:
            return
        if parser.n_out - begun + PER_PACKET > PER_FRAME:
            parser.rejects[REJECT_AGGREGATE] += 1
            return
        next_of_aggregate(&c, frame)


cdef inline void begin(Cursor* c, Parser* parser, const Frame* frame) noexcept nogil:
    c.encap.n_vlan = c.encap.n_tunnel = c.encap.n_mpls = 0
    c.encap.pppoe = 0
    c.encap.ifindex = 0
    c.encap.marks = 0
    c.encap.iface = frame.iface
    c.parser = parser
    c.p = frame.data
    c.end = frame.data + frame.caplen
    c.wire = frame.len
    c.link = frame.link
    c.steps = 0
    c.entered = c.partial = False
    c.more = NULL
    c.around_count = 0
    c.pk = fresh(parser, frame)


cdef inline void follow(Cursor* c) noexcept nogil:
    """Header after header, until the packet is complete or refused."""
    while c.next < NEXT_DONE:
        c.steps += 1
        if c.steps > DECAPS_MAX:
            reject(c, REJECT_TUNNEL_DEPTH)
        elif is_network(c.next):
            parse_network(c)
            if c.entered:
                next_packet(c)
        elif c.next == NEXT_ETH:                # most headers are spared the table
            ethernet(c)
        else:
            link_step(c)
    close_packet(c)


cdef void next_of_aggregate(Cursor* c, const Frame* frame) noexcept nogil:
    """Stand at the next sub-frame of an aggregate, in the surroundings of the first."""
    cdef const u8* p = c.more
    cdef const u8* end = c.more_end
    cdef u8 layers = c.amsdu_layers
    cdef const Packet* before = c.pk
    begin(c, c.parser, frame)
    c.p = p
    c.end = end
    c.wire = c.pk.wire = <u32>(end - p) + c.more_cut
    c.pk.depth = c.amsdu_depth
    c.encap[0] = c.amsdu_encap
    c.next = NEXT_AMSDU
    if c.parser.layers:
        c.pk.n_layers = layers
        memcpy(c.pk.layers, before.layers, sizeof(before.layers))


cdef inline bint is_network(u32 next) noexcept nogil:
    return (next == 0x0800 or next == 0x86DD or next == NEXT_IP or next == 0x0806
            or next == NEXT_GRE or next == NEXT_CHAIN)


cdef Packet* fresh(Parser* parser, const Frame* frame) noexcept nogil:
    cdef Packet* pk = &parser.out[parser.n_out]
    zero(pk, sizeof(Packet))
    pk.frame = frame
    pk.wire = frame.len
    pk.count = 1
    return pk


cdef void close_packet(Cursor* c) noexcept nogil:
    """The packet is as known as it will be: number its surroundings, order its ends, hash its key. A packet that is
    refused behind its network header keeps its ends, for who looks at it; it is in no flow."""
    cdef Packet* pk = c.pk
    cdef Parser* parser = c.parser
    parser.n_out += 1
    if pk.family == FAMILY_NONE and not pk.reject:
        pk.reject = REJECT_LINK_TYPE        # neither the link layer nor what it carries names two ends
    if pk.reject:
        parser.rejects[pk.reject] += 1
        pk.notes &= ~NOTE_HEADER
        if pk.family != FAMILY_IP4 and pk.family != FAMILY_IP6:
            pk.family = FAMILY_NONE
        return
    pk.path = path_of(parser.paths, c.encap)
    pk.base = base_of(parser.paths, pk.path)
    hash_key(pk)


cdef void next_packet(Cursor* c) noexcept nogil:
    """Finish the packet around a tunnel's content, which is not itself in that tunnel, and begin the one inside."""
    cdef Packet* outer = c.pk
    cdef const Frame* frame = outer.frame
    cdef u8 depth = outer.depth + 1, tunnels = c.encap.n_tunnel
    c.encap.n_tunnel = tunnels - 1
    close_packet(c)
    c.encap.n_tunnel = tunnels
    c.pk = fresh(c.parser, frame)
    c.pk.depth = depth
    c.entered = False
    c.pk.wire = outer.wire
    if c.around_count:                      # all fragments of what is around it
        c.pk.wire = c.around_wire
        c.pk.count = <u16>c.around_count
        c.pk.first = c.around_first
    if c.parser.layers:
        c.pk.n_layers = outer.n_layers
        memcpy(c.pk.layers, outer.layers, sizeof(outer.layers))


cdef void parse_network(Cursor* c) noexcept nogil:
    """IPv4, IPv6, ARP, or GRE where a link layer carries it bare."""
    cdef u8 version
    if c.next == 0x0806:
        arp(c)
        return
    if c.next == NEXT_GRE:
        transport(c, 47)
        return
    if c.next == NEXT_CHAIN:
        ip6_chain(c, c.proto)
        return
    if c.p >= c.end:
        reject(c, REJECT_IP_CUT)
        return
    version = c.p[0] >> 4
    if version == 4 and c.next != 0x86DD:
        ip4(c)
    elif version == 6 and c.next != 0x0800:
        ip6(c)
    else:
        reject(c, REJECT_IP_HEADER)


cdef void ip4(Cursor* c) noexcept nogil:
    cdef const u8* p = c.p
    cdef Packet* pk = c.pk
    cdef u32 n, total, bits
    layer(c, LAYER_IP4)
    if captured(c) < 20:
        reject(c, REJECT_IP_CUT)
        return
    n = (p[0] & 15) * 4
    total = be16(p + 2)
    if n < 20:
        reject(c, REJECT_IP_HEADER)
        return
    if total == 0:                          # segmentation offload: the length was not yet known
        total = unpadded(p, n, captured(c), c.wire)
    if total < n:
        reject(c, REJECT_IP_LENGTH)
        return
    if captured(c) < n:
        reject(c, REJECT_IP_CUT)
        return
    memset(pk.src, 0, 32)
    memcpy(pk.src, p + 12, 4)
    memcpy(pk.dst, p + 16, 4)
    pk.family = FAMILY_IP4
    pk.ttl = p[8]
    pk.proto = p[9]
    pk.ident = be16(p + 4)
    bits = be16(p + 6)
    if n > 20 and not options_agree(p + 20, p + n):     # ip_options_compile of Linux: it is dropped
        reject(c, REJECT_IP_HEADER)
        return
    if be16(p + 2):
        check_header(c, p, n)
    if total > c.wire:                      # ip_rcv of Linux drops it, as RFC 1122 3.2.1 lets a host do
        beyond(c, bits & (FRAG_MORE | FRAG_OFFSET) != 0)
    elif total < captured(c):
        c.end = p + total
    c.wire = total
    advance(c, n)
    if bits & (FRAG_MORE | FRAG_OFFSET) and not fragment(c, pk.ident, p[9], (bits & FRAG_OFFSET) * 8,
                                                         bits & FRAG_MORE != 0):
        return
    transport(c, <u8>pk.proto)


cdef void beyond(Cursor* c, bint part) noexcept nogil:
    """The header speaks of more than the frame has: the packet is counted, and its receiver drops it. A fragment is
    like one that was not wholly captured: it never joins others, and of a first one what is there is shown."""
    c.parser.rejects[REJECT_IP_BEYOND] += 1
    if not part or c.pk.proto == PROTO_TCP:
        c.pk.notes |= NOTE_BEYOND


cdef bint fragment(Cursor* c, u32 ident, u8 proto, u32 at, bint more) noexcept nogil:
    """Hand one fragment in; True when the cursor now stands at the transport header (of pk.proto) of something whole,
    or of a first fragment that was not wholly captured. Otherwise it is counted with its flow, where that is known."""
    cdef Whole whole
    cdef Fragment f
    cdef int answer
    cdef Packet* pk = c.pk
    f.ident, f.proto, f.at, f.more = ident, proto, at, more
    f.p, f.n = c.p, captured(c)
    f.cut = f.n < c.wire
    f.wrong = pk.notes & NOTE_HEADER != 0
    pk.proto = proto
    pk.ident = <u16>(ident ^ ident >> 16)
    pk.path = path_of(c.parser.paths, c.encap)
    f.link = path_marks(c.parser.paths, pk.path)
    answer = defrag_add(c.parser.defrag, pk, &f, &whole)
    if answer == DEFRAG_BAD:
        reject(c, REJECT_FRAGMENT_BAD)
        return False
    if answer == DEFRAG_WAIT or answer == DEFRAG_AGAIN:
        if answer == DEFRAG_AGAIN:
            pk.notes |= NOTE_COPY
        return stands_apart(c, whole.datagram, at, f.cut)
    c.parser.rejects[REJECT_FRAGMENT] -= whole.frames - 1
    c.p = whole.data
    c.end = whole.data + whole.n
    c.wire = whole.n
    c.around_wire, c.around_count, c.around_first = whole.wire, whole.frames, whole.datagram.first
    take_waiting(pk, whole.datagram)
    pk.proto = whole.datagram.proto
    if not whole.datagram.named:
        name_datagram(c, whole.datagram)
        c.p, c.end, pk.proto = whole.data, whole.data + whole.n, whole.datagram.proto
    defrag_done(c.parser.defrag, whole.datagram)
    return True


cdef void take_waiting(Packet* pk, Datagram* g) noexcept nogil:
    """Count with this packet the fragments that came before the first one."""
    pk.wire += g.waiting_wire
    pk.count += <u16>g.waiting
    pk.first = g.first
    g.waiting = g.waiting_wire = 0


cdef bint stands_apart(Cursor* c, Datagram* g, u32 at, bint cut) noexcept nogil:
    """A fragment whose others are missing yet: it belongs to the flow that the first one names."""
    cdef Packet* pk = c.pk
    cdef const u8* p = c.p
    cdef const u8* end = c.end
    pk.part = True
    pk.checksum = <u16>(at >> 3)
    pk.wire_payload = c.wire
    if at == 0:
        name_datagram(c, g)
        take_waiting(pk, g)
        if cut:
            c.p, c.end = p, end
            pk.proto = g.proto
            pk.part = False
            c.partial = True
            return True
    elif g.named:
        pk.sport, pk.dport = g.sport, g.dport
        pk.proto = g.upper
    else:
        g.waiting += 1
        g.waiting_wire += pk.wire
        reject(c, REJECT_FRAGMENT)
        return False
    if not pk.notes & NOTE_COPY:
        c.parser.rejects[REJECT_FRAGMENT] += 1
    c.next = NEXT_DONE
    return False


cdef void name_datagram(Cursor* c, Datagram* g) noexcept nogil:
    """Its first fragment, where the cursor stands, says whose it is."""
    if c.pk.family == FAMILY_IP6:
        past_extensions(c)
    transport_ports(c, <u8>c.pk.proto)
    g.named = True
    g.upper = <u8>c.pk.proto
    g.sport, g.dport = c.pk.sport, c.pk.dport


cdef void past_extensions(Cursor* c) noexcept nogil:
    """The first fragment's headers up to the transport, whose protocol is left in pk.proto."""
    cdef u32 steps = 0
    while is_extension(c.pk.proto) and steps < IP6_HEADERS and captured(c) >= 8:
        steps += 1
        c.pk.proto = c.p[0]
        if not advance(c, <u32>c.p[1] * 8 + 8):
            break


cdef inline bint is_extension(u32 next) noexcept nogil:
    """Hop-by-hop, routing, destination options, mobility, HIP, shim6: headers that say their own length in units of
    8."""
    return next == 0 or next == 43 or next == 60 or next == 135 or next == 139 or next == 140


cdef void ip6(Cursor* c) noexcept nogil:
    cdef const u8* p = c.p
    cdef Packet* pk = c.pk
    cdef u32 n
    layer(c, LAYER_IP6)
    if captured(c) < 40:
        reject(c, REJECT_IP_CUT)
        return
    memcpy(pk.src, p + 8, 32)
    pk.family = FAMILY_IP6
    pk.ttl = p[7]
    pk.proto = p[6]
    advance(c, 40)
    n = be16(p + 4)
    if n > c.wire:                          # ip6_rcv of Linux drops it
        beyond(c, p[6] == 44)
    if n or p[6] == 59:                     # zero: a jumbogram, or offload that did not know yet
        if n < captured(c):
            c.end = c.p + n
        c.wire = n
    ip6_chain(c, p[6])


cdef void ip6_chain(Cursor* c, u8 next) noexcept nogil:
    """Extension headers (RFC 8200 section 4), each once checked, to the transport."""
    cdef const u8* p
    cdef u32 steps = 0, bits
    while next == 44 or is_extension(next):
        layer(c, LAYER_IP6EXT)
        steps += 1
        p = c.p
        if steps > IP6_HEADERS or captured(c) < 8 or (next == 0 and steps > 1):     # hop by hop comes first (4.1)
            reject(c, REJECT_IP6_EXT)
            return
        if next == 44:
            bits = be16(p + 2)
            next = p[0]
            advance(c, 8)
            if bits & 0xfff9:
                if not fragment(c, be32(p + 4), next, bits & 0xfff8, bits & 1):
                    return
                next = <u8>c.pk.proto
            continue
        next = p[0]
        if not advance(c, <u32>p[1] * 8 + 8):
            reject(c, REJECT_IP6_EXT)
            return
    transport(c, next)
