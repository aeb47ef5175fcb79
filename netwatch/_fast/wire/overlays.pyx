"""Tunnels over UDP, by port, or by what they carry.

Each function checks that the header is what its port promises before it calls it a tunnel; where the header is weak,
what it carries must be a packet by its own lengths. Otherwise the datagram stays what it was. The cursor is left at
what is carried, and the tunnel with its outer ends is noted in the Encap. Ports: IANA; 8472 is Linux' old VXLAN port.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16, be24, be32
from netwatch._fast.base.mix cimport mix_bytes, mix_pair
from netwatch._fast.wire.evidence cimport is_ethernet, is_ip, is_proven
from netwatch._fast.wire.gre cimport gre
from netwatch._fast.wire.gtp cimport gtp0, gtpu, gtpu_header
from netwatch._fast.wire.l2tp cimport l2tp
from netwatch._fast.wire.link cimport link_knows
from netwatch._fast.wire.names cimport (LAYER_AYIYA, LAYER_CAPWAP, LAYER_GENEVE, LAYER_GUE, LAYER_LISP,
                                        LAYER_LWAPP, LAYER_TEREDO, LAYER_TZSP, LAYER_VXLAN, TUN_AYIYA, TUN_CAPWAP,
                                        TUN_FOU, TUN_GENEVE, TUN_GRE_UDP, TUN_GUE, TUN_LISP, TUN_LWAPP,
                                        TUN_MPLS_UDP, TUN_TEREDO, TUN_TZSP, TUN_VXLAN)
from netwatch._fast.wire.cursor cimport (Cursor, NEXT_ETH, NEXT_IP, NEXT_LINK, NEXT_MPLS, NEXT_WLAN, NEXT_WLAN_SWAPPED,
                                         advance, be48, captured, layer)
from netwatch._fast.wire.tunnel cimport push_directed, push_marked, push_tunnel

cdef enum:
    ET_NSH = 0x894F
    ET_BRIDGED = 0x6558
    LEAST = 28                  # bytes of the shortest datagram in IPv4
    OVERLAYS = 20
    BY_DESTINATION = 0x80       # a port that only the receiver has
    LABELS = 8                  # of a stack that is looked through
    VXLAN_GPE = 2               # overlays by number, as far as they are asked for
    GRE_IN_UDP = 8
    MPLS_IN_UDP = 9
    GUE = 13

ctypedef bint (*Overlay)(Cursor*) noexcept nogil

cdef Overlay OVERLAY[OVERLAYS]
cdef u8 OVERLAY_OF[65536]       # by port
cdef u64 PORTS[1024]            # bits: which of them are not 0, where the cache has room for it


cdef int _carries(int number, Overlay overlay, ports, bint by_destination=False) except -1:
    """Datagrams from or to these ports may be this tunnel; `by_destination`, only those to them."""
    OVERLAY[number] = overlay
    for port in ports:
        OVERLAY_OF[<u32>port] = <u8>(number | (BY_DESTINATION if by_destination else 0))
        PORTS[<u32>port >> 6] |= <u64>1 << (<u32>port & 63)
    return 0


_carries(1, vxlan, (4789,))
_carries(1, vxlan, (8472,), True)
_carries(VXLAN_GPE, vxlan_gpe, (4790,), True)
_carries(3, capwap, (5247,))
_carries(4, geneve, (6081,))
_carries(5, gtpu, (2152,))
_carries(6, teredo, (3544,))
_carries(7, l2tp, (1701,))
_carries(GRE_IN_UDP, gre_in_udp, (4754,), True)
_carries(MPLS_IN_UDP, mpls_in_udp, (6635,), True)
_carries(10, lisp, (4341, 4342))
_carries(11, ayiya, (5072,))
_carries(12, tzsp, (37008,))
_carries(GUE, gue, (6080,), True)
_carries(14, lwapp, (12222,))
_carries(15, gtp0, (3386,))


cdef bint udp_tunnel(Cursor* c) noexcept nogil:
    """Is the UDP payload at the cursor a tunnel? Then it is entered."""
    cdef u16 a = c.pk.sport, b = c.pk.dport
    cdef u8 to, source
    if PORTS[a >> 6] >> (a & 63) & 1 or PORTS[b >> 6] >> (b & 63) & 1:
        to, source = OVERLAY_OF[b], OVERLAY_OF[a]
        if by_port(c, to, source):
            return True
    return captured(c) >= LEAST and by_content(c)


cdef bint by_port(Cursor* c, u8 to, u8 source) noexcept nogil:
    if to and OVERLAY[to & ~BY_DESTINATION](c):
        return True
    return (source and source != to and (not source & BY_DESTINATION or fills(c, source & ~BY_DESTINATION))
            and OVERLAY[source & ~BY_DESTINATION](c))


cdef bint fills(const Cursor* c, u8 overlay) noexcept nogil:
    """From a port that only receivers have, and clients may draw: does a packet or a frame fill the datagram behind
    the tunnel's header?"""
    cdef const u8* p = c.p
    cdef u32 n = 8
    if captured(c) < LEAST:
        return False
    if overlay == MPLS_IN_UDP or overlay == GUE:            # they ask themselves
        return True
    if overlay == GRE_IN_UDP:
        n = 4 + ((p[0] >> 7) + (p[0] >> 5 & 1) + (p[0] >> 4 & 1)) * 4
    elif overlay == VXLAN_GPE and p[3] == 4:
        n += (be16(p + 8) & 0x3f) * 4
    return captured(c) > n and (is_ip(p + n, captured(c) - n, c.wire - n, True)
                                or is_ethernet(p + n, captured(c) - n, c.wire - n, True))


cdef bint by_content(Cursor* c) noexcept nogil:
    """On a port that is nobody's: a header of which every fixed bit is right, and a packet or frame that fills the
    datagram; where the header is short or missing (foo over UDP), a packet whose sums are right as well."""
    cdef const u8* p = c.p
    cdef u32 n = captured(c)
    if p[0] >> 4 == 6:
        return teredo_by_content(c) or (is_proven(p, n, c.wire) and bare_ip(c))
    if p[0] >> 4 == 4:
        return is_proven(p, n, c.wire) and bare_ip(c)
    if p[0] == 0x08 and be24(p + 1) == 0 and p[7] == 0:
        return is_ethernet(p + 8, n - 8, c.wire - 8, True) and vxlan(c)
    if p[0] >> 6 == 0 and p[1] & 0x3f == 0 and be16(p + 2) == ET_BRIDGED and p[7] == 0:
        n = 8 + (p[0] & 0x3f) * 4
        return captured(c) > n and is_ethernet(p + n, captured(c) - n, c.wire - n, True) and geneve(c)
    if p[0] >> 4 == 3 and p[1] == 255 and <u32>be16(p + 2) + 8 == c.wire:
        n = gtpu_header(c)
        return n and captured(c) > n and is_ip(p + n, captured(c) - n, c.wire - n, True) and gtpu(c)
    if be16(p) & 0x4FFF == 0 and (be16(p + 2) == 0x0800 or be16(p + 2) == 0x86DD):
        n = 4 + ((p[0] >> 7) + (p[0] >> 5 & 1) + (p[0] >> 4 & 1)) * 4
        return captured(c) > n and is_proven(p + n, captured(c) - n, c.wire - n) and gre(c, TUN_GRE_UDP)
    n = 4 + (p[0] & 31) * 4
    return (p[0] >> 5 == 0 and (p[1] == 4 or p[1] == 41) and captured(c) > n
            and is_proven(p + n, captured(c) - n, c.wire - n) and gue(c))


cdef bint bare_ip(Cursor* c) noexcept nogil:
    """Foo over UDP (Linux' fou): nothing stands between."""
    push_tunnel(c, TUN_FOU)
    c.next = NEXT_IP
    return True


cdef bint teredo_by_content(Cursor* c) noexcept nogil:
    """Between a client and a relay Teredo may use any port (RFC 4380 section 5.4): an IPv6 packet that fills the
    datagram, with one end in 2001::/32."""
    cdef const u8* p = c.p
    if captured(c) <= 40 or (be32(p + 8) != 0x20010000 and be32(p + 24) != 0x20010000):
        return False
    return is_ip(p, captured(c), c.wire, True) and teredo(c)


cdef bint vxlan(Cursor* c) noexcept nogil:
    """RFC 7348 section 5: flags with I set, a 24-bit VNI. Reserved bits are ignored, as it says; where they are not
    zero, or the port is the old one, a frame must follow."""
    cdef const u8* p = c.p
    if captured(c) < 8 + 14 or not p[0] & 0x08:
        return False
    if (p[0] != 0x08 or be24(p + 1) != 0 or p[7] != 0) and not is_ethernet(p + 8, captured(c) - 8, c.wire - 8, False):
        return False
    layer(c, LAYER_VXLAN)
    push_marked(c, TUN_VXLAN, be24(p + 4), be24(p + 4))
    advance(c, 8)
    c.next = NEXT_ETH
    return True


cdef bint vxlan_gpe(Cursor* c) noexcept nogil:
    """VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe section 3): as VXLAN, with what follows named in the fourth byte."""
    cdef const u8* p = c.p
    if captured(c) < 8 + 8 or not p[0] & 0x08 or p[0] & 0x30 or not 1 <= p[3] <= 5:
        return False
    layer(c, LAYER_VXLAN)
    push_marked(c, TUN_VXLAN, be24(p + 4), be24(p + 4))
    advance(c, 8)
    if p[3] <= 2:
        c.next = NEXT_IP
    else:
        c.next = NEXT_ETH if p[3] == 3 else <u32>ET_NSH if p[3] == 4 else <u32>NEXT_MPLS
    return True


cdef bint capwap(Cursor* c) noexcept nogil:
    """CAPWAP data (RFC 5415 section 4.3) that is not a fragment: 802.3 or, by its binding, 802.11 frames."""
    cdef const u8* p = c.p
    cdef u32 word, n
    if captured(c) < 8 or p[0] != 0:
        return False
    word = be24(p + 1)
    n = (word >> 19) * 4
    if n < 8 or word & 0x80 or captured(c) < n + 24:
        return False
    if word & 0x100 and (word >> 9) & 31 > 1:               # 1 is IEEE 802.11; some writers leave it out
        return False
    layer(c, LAYER_CAPWAP)
    if not word & 0x100:                    # no BSSID says which network the stations are in; the radio may change
        push_marked(c, TUN_CAPWAP, 0, <u32>mix_pair(be48(p + n), be48(p + n + 6)))
    else:
        push_tunnel(c, TUN_CAPWAP)
    advance(c, n)
    if not word & 0x100:
        c.next = NEXT_ETH
    else:
        c.next = NEXT_WLAN_SWAPPED if c.p[0] & 3 else <u32>NEXT_WLAN
    return True


cdef bint geneve(Cursor* c) noexcept nogil:
    """RFC 8926 section 3.4: version 0, option length in words, protocol as an EtherType, VNI."""
    cdef const u8* p = c.p
    cdef u32 n
    if captured(c) < 8 or p[0] >> 6 != 0:
        return False
    n = 8 + (p[0] & 0x3f) * 4
    if captured(c) < n or not link_knows(be16(p + 2)):
        return False
    layer(c, LAYER_GENEVE)
    push_marked(c, TUN_GENEVE, be24(p + 4), be24(p + 4))
    c.next = be16(p + 2)
    advance(c, n)
    return True


cdef bint ip_behind(Cursor* c, u8 name, u8 tunnel, u32 n) noexcept nogil:
    """A tunnel's header of n bytes, then IP. True: that was it."""
    layer(c, name)
    push_tunnel(c, tunnel)
    advance(c, n)
    c.next = NEXT_IP
    return True


cdef bint teredo(Cursor* c) noexcept nogil:
    """RFC 4380 section 5.1.1: optional authentication and origin indications, then IPv6."""
    cdef const u8* p = c.p
    cdef u32 n = 0
    if captured(c) >= 4 and be16(p) == 1:
        n = 4 + p[2] + p[3] + 9
    if captured(c) >= n + 8 and be16(p + n) == 0:
        n += 8
    if captured(c) < n + 40 or p[n] >> 4 != 6 or <u32>be16(p + n + 4) + 40 > c.wire - n:
        return False
    return ip_behind(c, LAYER_TEREDO, TUN_TEREDO, n)


cdef bint gre_in_udp(Cursor* c) noexcept nogil:
    """RFC 8086: a GRE header of version 0, without source routes, then a protocol that we know."""
    if captured(c) < 4 + 20 or be16(c.p) & 0x4FFF != 0:
        return False
    return gre(c, TUN_GRE_UDP)


cdef bint mpls_in_udp(Cursor* c) noexcept nogil:
    """RFC 7510: a label stack, below it IP or Ethernet that fills the datagram."""
    cdef u32 n = 0
    while n < 4 * LABELS and captured(c) >= n + 4:
        n += 4
        if c.p[n - 2] & 1:
            break
    if n == 0 or not c.p[n - 2] & 1:
        return False
    if not (is_ip(c.p + n, captured(c) - n, c.wire - n, True) or is_ethernet(c.p + n, captured(c) - n, c.wire - n, True)
            or (c.wire > n + 4 and captured(c) > n + 4
                and is_ethernet(c.p + n + 4, captured(c) - n - 4, c.wire - n - 4, True))):
        return False
    push_tunnel(c, TUN_MPLS_UDP)
    c.next = NEXT_MPLS
    return True


cdef bint lisp(Cursor* c) noexcept nogil:
    """LISP (RFC 9300 section 5): eight bytes, the instance in the last word when I is set; or an encapsulated control
    message (RFC 9301 section 5.8). IP follows, and fills the datagram."""
    cdef const u8* p = c.p
    cdef u32 n = 8, instance = 0
    if 4342 in (c.pk.sport, c.pk.dport):
        if captured(c) < 24 or p[0] >> 4 != 8:
            return False
        n = 4
    elif captured(c) < 28:
        return False
    elif p[0] & 0x08:
        instance = be24(p + 4)
    if n == 8 and p[0] & 0x04 and not p[0] & 0xd0 and (p[3] == 3 or p[3] == 4):    # LISP-GPE, RFC 9305 section 3
        layer(c, LAYER_LISP)
        push_marked(c, TUN_LISP, instance, instance)
        advance(c, n)
        c.next = NEXT_ETH if p[3] == 3 else <u32>ET_NSH
        return True
    if not is_ip(p + n, captured(c) - n, c.wire - n, True):
        return False
    layer(c, LAYER_LISP)
    push_marked(c, TUN_LISP, instance, instance)
    advance(c, n)
    c.next = NEXT_IP
    return True


cdef bint ayiya(Cursor* c) noexcept nogil:
    """AYIYA (draft-massar-v6ops-ayiya): lengths of identity and signature, opcode forward, next header; then IP."""
    cdef const u8* p = c.p
    cdef u32 n
    if captured(c) < 8 or p[2] & 15 != 1 or (p[3] != 41 and p[3] != 4):
        return False
    n = 8 + (<u32>1 << (p[0] >> 4)) + (p[1] >> 4) * 4
    if captured(c) <= n or not is_ip(p + n, captured(c) - n, c.wire - n, True):
        return False
    layer(c, LAYER_AYIYA)
    push_directed(c, TUN_AYIYA, 0, <u32>mix_bytes(p + 8, <u32>1 << (p[0] >> 4)))
    advance(c, n)
    c.next = NEXT_IP
    return True


cdef bint tzsp(Cursor* c) noexcept nogil:
    """TZSP: version 1, type, what is carried, tags up to an end tag; then the frame."""
    cdef const u8* p = c.p
    cdef u32 n = 4, kind
    if captured(c) < 5 or p[0] != 1 or p[1] > 1:
        return False
    kind = be16(p + 2)
    while captured(c) > n and p[n] != 1:
        if p[n] == 0:                                       # padding has no length
            n += 1
        elif captured(c) > n + 1:
            n += 2 + p[n + 1]
        else:
            return False
    n += 1
    if captured(c) <= n or not (kind == 1 or kind == 18 or kind == 119 or kind == 127):
        return False
    layer(c, LAYER_TZSP)
    push_tunnel(c, TUN_TZSP)
    advance(c, n)
    if kind == 1:
        c.next = NEXT_ETH
    else:
        c.link = <u16>(105 if kind == 18 else kind)
        c.next = NEXT_LINK
    return True


cdef bint gue(Cursor* c) noexcept nogil:
    """GUE (draft-ietf-intarea-gue): version 0 with a header, and a protocol number; version 1 is IP itself."""
    cdef const u8* p = c.p
    cdef u32 n
    if captured(c) < 24:
        return False
    if p[0] >> 6 == 1:
        if not is_ip(p, captured(c), c.wire, True):
            return False
        n = 0
    else:
        n = 4 + (p[0] & 31) * 4
        if p[0] >> 5 != 0 or captured(c) <= n or not (p[1] == 4 or p[1] == 41):
            return False
        if not is_ip(p + n, captured(c) - n, c.wire - n, True):
            return False
    return ip_behind(c, LAYER_GUE, TUN_GUE, n)


cdef bint lwapp(Cursor* c) noexcept nogil:
    """LWAPP data (RFC 5412 section 3.2): flags, fragment, length, status; a whole 802.11 frame of that length, as Cisco
    swaps its first bytes."""
    cdef const u8* p = c.p
    if captured(c) < 6 + 24 or p[0] & 0xC7 or be16(p + 2) != c.wire - 6:
        return False
    layer(c, LAYER_LWAPP)
    push_tunnel(c, TUN_LWAPP)
    advance(c, 6)
    c.next = NEXT_WLAN_SWAPPED if c.p[0] & 3 else <u32>NEXT_WLAN
    return True
