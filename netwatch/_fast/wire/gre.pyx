"""GRE (RFC 2784, 2890; 1701 with source routes), enhanced GRE (RFC 2637), and what GRE carries that has a header of its
own: ERSPAN, WCCP, Aruba's 802.11.

The key of GRE says whose network it is (RFC 2890), that of NVGRE (RFC 7637) with its first 24 bits, that of PPTP by its
last 16.
"""
from netwatch._fast.base.bytes cimport u8, u32, be16, be32
from netwatch._fast.wire.evidence cimport is_ip
from netwatch._fast.wire.link cimport link_knows
from netwatch._fast.wire.names cimport (LAYER_ERSPAN, LAYER_GRE, LAYER_WCCP, TUN_ERSPAN, TUN_GRE, TUN_WCCP)
from netwatch._fast.wire.cursor cimport (Cursor, NEXT_ETH, NEXT_IP, NEXT_WLAN, advance, captured, layer)
from netwatch._fast.wire.tunnel cimport push_directed, push_marked

cdef enum:
    CHECKSUM = 0x8000           # flags of the first two bytes
    ROUTING = 0x4000
    KEY = 0x2000
    SEQUENCE = 0x1000
    ACKNOWLEDGEMENT = 0x0080
    ET_TEB = 0x6558
    ET_WCCP = 0x883E
    ET_ERSPAN = 0x88BE
    ET_ERSPAN3 = 0x22EB
    VSID_FIRST = 0x1000         # lower ones are reserved (RFC 7637 section 3.2): a key that small is a plain one
    ROUTES = 16                 # source route entries passed


cdef bint gre(Cursor* c, u8 kind) noexcept nogil:
    """Enter what GRE carries as a tunnel of this kind; False leaves the packet named as GRE."""
    cdef const u8* p = c.p
    cdef u32 flags, carried, n = 4, key = 0, mark
    if captured(c) < 4:
        return False
    flags = be16(p)
    carried = be16(p + 2)
    if kind == TUN_GRE:
        layer(c, LAYER_GRE)
    if flags & 7 > 1:
        return False
    if flags & (CHECKSUM | ROUTING):
        n += 4
    if flags & KEY:
        if captured(c) < n + 4:
            return False
        key = be32(p + n)
        n += 4
    if flags & SEQUENCE:
        n += 4
    if flags & ACKNOWLEDGEMENT and flags & 7 == 1:
        n += 4
    if flags & ROUTING and not source_routes(c, &n):
        return False
    if captured(c) <= n:
        return False
    if kind != TUN_GRE:
        layer(c, LAYER_GRE)
    mark = key
    if flags & 7 == 1:
        mark = key & 0xffff
    elif carried == ET_TEB and key >> 8 >= VSID_FIRST:
        mark = key >> 8
    return enter(c, kind, carried, n, key, mark, flags)


cdef bint enter(Cursor* c, u8 kind, u32 carried, u32 n, u32 key, u32 mark, u32 flags) noexcept nogil:
    if carried == ET_ERSPAN or carried == ET_ERSPAN3:
        return erspan(c, n, carried == ET_ERSPAN3, flags & SEQUENCE != 0)
    if carried == ET_WCCP:
        return wccp(c, n)
    if 0x8200 <= carried <= 0x83FF and carried & 15 == 0 or carried == 0x9000:   # Aruba, by radio and direction
        push_key(c, kind, key, mark, flags)
        advance(c, n)
        c.next = NEXT_WLAN
        return True
    if not link_knows(carried):
        return False
    push_key(c, kind, key, mark, flags)
    advance(c, n)
    c.next = carried
    return True


cdef void push_key(Cursor* c, u8 kind, u32 key, u32 mark, u32 flags) noexcept nogil:
    """The call of enhanced GRE is its receiver's own (RFC 2637 section 4.1)."""
    if flags & 7 == 1:
        push_directed(c, kind, key, mark)
    else:
        push_marked(c, kind, key, mark)


cdef bint source_routes(Cursor* c, u32* n) noexcept nogil:
    """Source route entries (RFC 1701): family, offset, length; one of family and length 0 is the last."""
    cdef u32 _i
    cdef const u8* p
    for _i in range(ROUTES):
        if captured(c) < n[0] + 4:
            return False
        p = c.p + n[0]
        n[0] += 4 + <u32>p[3]
        if be16(p) == 0 and p[3] == 0:
            return True
    return False


cdef bint wccp(Cursor* c, u32 n) noexcept nogil:
    """WCCP redirects IP bare (version 1), or behind four bytes of which the second is the service (version 2)."""
    cdef u8 service = 0
    if not is_ip(c.p + n, captured(c) - n, c.wire - n, False):
        if captured(c) <= n + 4 or not is_ip(c.p + n + 4, captured(c) - n - 4, c.wire - n - 4, False):
            return False
        service = c.p[n + 1]
        n += 4
    layer(c, LAYER_WCCP)
    push_marked(c, TUN_WCCP, service, 0)
    advance(c, n)
    c.next = NEXT_IP
    return True


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
    push_marked(c, TUN_ERSPAN, session, session)
    advance(c, n)
    c.next = NEXT_ETH
    return True
