"""Tunnels over UDP (VXLAN, Geneve, GTP-U, Teredo, L2TP) and over IP (GRE with ERSPAN).

Each function checks that the header is what its port promises before it calls it a tunnel; otherwise the packet stays
what it was. The cursor is left at what is carried, and the tunnel with its outer ends is noted in the Encap.
"""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, be16, be24, be32
from netwatch._fast.wire.packet cimport MAX_TUNNELS, Tunnel
from netwatch._fast.wire.names cimport *
from netwatch._fast.wire.cursor cimport *


cdef void push_tunnel(Cursor* c, u8 kind, u32 number) noexcept nogil:
    """Note that what follows is inside a tunnel between the packet's present ends."""
    cdef Tunnel* t
    if c.encap.n_tunnel >= MAX_TUNNELS:
        return
    t = &c.encap.tunnel[c.encap.n_tunnel]
    t.kind = kind
    t.family = c.pk.family
    t.id = number
    memcpy(t.src, c.pk.src, 16)
    memcpy(t.dst, c.pk.dst, 16)
    c.encap.n_tunnel += 1


cdef bint udp_tunnel(Cursor* c) noexcept nogil:
    """Is the UDP payload at the cursor a tunnel? Then it is entered. Ports: IANA; 8472 is Linux' old VXLAN port."""
    cdef u16 a = c.pk.sport, b = c.pk.dport
    if b == 4790:
        return vxlan_gpe(c)
    if a == 4789 or b == 4789 or b == 8472:
        return vxlan(c)
    if a == 5247 or b == 5247:
        return capwap(c)
    if a == 6081 or b == 6081:
        return geneve(c)
    if a == 2152 or b == 2152:
        return gtpu(c)
    if a == 3544 or b == 3544:
        return teredo(c)
    if b == 1701 or a == 1701:
        return l2tp(c)
    return False


cdef bint vxlan(Cursor* c) noexcept nogil:
    """RFC 7348 section 5: flags with I set, reserved bits zero, a 24-bit VNI. GBP and GPE bits are let through."""
    cdef const u8* p = c.p
    if captured(c) < 8 + 14 or not p[0] & 0x08 or p[7] != 0:
        return False
    if c.pk.dport == 8472 and (p[0] != 0x08 or be24(p + 1) != 0):
        return False
    layer(c, LAYER_VXLAN)
    push_tunnel(c, TUN_VXLAN, be24(p + 4))
    advance(c, 8)
    c.next = NEXT_ETH
    return True


cdef bint vxlan_gpe(Cursor* c) noexcept nogil:
    """VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe section 3): as VXLAN, with what follows named in the fourth byte."""
    cdef const u8* p = c.p
    if captured(c) < 8 + 20 or not p[0] & 0x08 or p[0] & 0x30 or p[7] != 0 or not 1 <= p[3] <= 3:
        return False
    layer(c, LAYER_VXLAN)
    push_tunnel(c, TUN_VXLAN, be24(p + 4))
    advance(c, 8)
    c.next = NEXT_ETH if p[3] == 3 else <u32>NEXT_IP
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
    if word & 0x100 and (word >> 9) & 31 != 1:
        return False
    layer(c, LAYER_CAPWAP)
    push_tunnel(c, TUN_CAPWAP, 0)
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
    if captured(c) < n or not be16(p + 2) in (0x6558, 0x0800, 0x86DD, 0x8847):
        return False
    layer(c, LAYER_GENEVE)
    push_tunnel(c, TUN_GENEVE, be24(p + 4))
    c.next = be16(p + 2)
    advance(c, n)
    return True


cdef bint gtpu(Cursor* c) noexcept nogil:
    """3GPP TS 29.281 section 5.1: version 1, message 255 (G-PDU), optional fields, extension headers; then IP."""
    cdef const u8* p = c.p
    cdef u32 n = 8, teid
    cdef u8 more
    if captured(c) < 9 or p[0] & 0xF0 != 0x30 or p[1] != 255:
        return False
    teid = be32(p + 4)
    if p[0] & 7:
        n = 12
        if captured(c) < 12:
            return False
        more = p[11] if p[0] & 4 else 0
        while more:
            if captured(c) <= n or p[n] == 0 or captured(c) < n + <u32>p[n] * 4:
                return False
            n += <u32>p[n] * 4
            more = p[n - 1]
    if captured(c) <= n or not (p[n] >> 4 == 4 or p[n] >> 4 == 6):
        return False
    layer(c, LAYER_GTPU)
    push_tunnel(c, TUN_GTPU, teid)
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
    layer(c, LAYER_TEREDO)
    push_tunnel(c, TUN_TEREDO, 0)
    advance(c, n)
    c.next = NEXT_IP
    return True


cdef bint l2tp(Cursor* c) noexcept nogil:
    """L2TPv2 data message (RFC 2661 section 3.1): flags, ids, optional sequence and offset, then PPP."""
    cdef const u8* p = c.p
    cdef u32 flags, n = 6, session
    if captured(c) < 8:
        return False
    flags = be16(p)
    if flags & 0x8000 or flags & 0x000F != 2:
        return False
    if flags & 0x4000:
        n += 2
    session = be16(p + n - 2)
    if flags & 0x0800:
        n += 4
    if flags & 0x0200:
        if captured(c) < n + 2:
            return False
        n += 2 + be16(p + n)
    if captured(c) < n + 2:
        return False
    layer(c, LAYER_L2TP)
    push_tunnel(c, TUN_L2TP, session)
    advance(c, n)
    c.next = NEXT_PPP
    return True


cdef bint gre(Cursor* c) noexcept nogil:
    """GRE (RFC 2784, 2890) and enhanced GRE (RFC 2637); False leaves the packet named as GRE."""
    cdef const u8* p = c.p
    cdef u32 flags, kind, n = 4, key = 0
    if captured(c) < 4:
        return False
    flags = be16(p)
    kind = be16(p + 2)
    layer(c, LAYER_GRE)
    if flags & 0x4000 or flags & 7 > 1:                    # source routing is gone (RFC 2784); versions 0 and 1
        return False
    if flags & 0x8000:
        n += 4
    if flags & 0x2000:
        if captured(c) < n + 4:
            return False
        key = be32(p + n)
        n += 4
    if flags & 0x1000:
        n += 4
    if flags & 0x0080 and flags & 7 == 1:
        n += 4
    if captured(c) <= n:
        return False
    if kind == 0x88BE or kind == 0x22EB:
        return erspan(c, n, kind == 0x22EB, flags & 0x1000 != 0)
    if not carried(kind):
        return False
    push_tunnel(c, TUN_GRE, key)
    advance(c, n)
    c.next = kind
    return True


cdef inline bint carried(u32 kind) noexcept nogil:
    return kind in (0x0800, 0x86DD, 0x6558, 0x880B, 0x8847, 0x8848, 0x8100, 0x88A8)


cdef bint erspan(Cursor* c, u32 n, bint three, bint numbered) noexcept nogil:
    """ERSPAN type I (no header), II (8 bytes) and III (12, or 20 with the platform subheader), then Ethernet."""
    cdef const u8* p = c.p + n
    cdef u32 session = 0
    if three:
        if captured(c) < n + 12:
            return False
        session = be16(p + 2) & 0x3ff
        n += 20 if p[11] & 1 else 12
    elif numbered:
        if captured(c) < n + 8:
            return False
        session = be16(p + 2) & 0x3ff
        n += 8
    if captured(c) < n + 14:
        return False
    layer(c, LAYER_ERSPAN)
    push_tunnel(c, TUN_ERSPAN, session)
    advance(c, n)
    c.next = NEXT_ETH
    return True
