"""L2TP, version 2 (RFC 2661) and 3 (RFC 3931): what it carries. The cursor is left there, the tunnel noted."""
from netwatch._fast.base.bytes cimport u8, u32, be16, be32
from netwatch._fast.wire.cursor cimport Cursor, NEXT_ETH, NEXT_IP, NEXT_PPP, advance, captured, layer
from netwatch._fast.wire.evidence cimport find_ethernet, is_ip
from netwatch._fast.wire.names cimport LAYER_L2TP, LAYER_L2TPV3, TUN_L2TP, TUN_L2TPV3
from netwatch._fast.wire.tunnel cimport push_directed

cdef enum:
    COOKIE = 12                 # most bytes between an L2TPv3 session and its frame


cdef bint l2tp(Cursor* c) noexcept nogil:
    """L2TPv2 data message (RFC 2661 section 3.1): flags, ids, optional sequence and offset, then PPP. Version 3 over
    UDP (RFC 3931 section 4.1.2.1) has a session of four bytes."""
    cdef const u8* p = c.p
    cdef u32 flags, n = 6, session, ids
    if captured(c) < 8:
        return False
    flags = be16(p)
    if flags == 3:
        return advance_to_frame(c, 4)
    if flags & 0x8000 or flags & 0x000F != 2:
        return False
    if flags & 0x4000:
        n += 2
    ids = be32(p + n - 4)
    session = ids & 0xffff
    if flags & 0x0800:
        n += 4
    if flags & 0x0200:
        if captured(c) < n + 2:
            return False
        n += 2 + be16(p + n)
    if captured(c) < n + 2:
        return False
    layer(c, LAYER_L2TP)
    push_directed(c, TUN_L2TP, session, ids)
    advance(c, n)
    c.next = NEXT_PPP
    return True


cdef bint advance_to_frame(Cursor* c, u32 n) noexcept nogil:
    """L2TPv3 data (RFC 3931 section 4.1): n bytes, a session, a cookie and a sublayer whose lengths only the ends know;
    then a frame that fills the rest, or a packet, bare or behind PPP's protocol."""
    cdef u32 session, gap
    cdef const u8* p
    if captured(c) < n + 8:
        return False
    session = be32(c.p + n)
    if session == 0:                                        # a control message
        return False
    n += 4
    gap = find_ethernet(c.p + n, captured(c) - n, c.wire - n, COOKIE)
    if gap <= COOKIE:
        return session_of(c, session, n + gap, NEXT_ETH)
    for gap in range(0, COOKIE + 1, 4):
        p = c.p + n + gap
        if captured(c) <= n + gap + 20:
            break
        if is_ip(p, captured(c) - n - gap, c.wire - n - gap, True):
            return session_of(c, session, n + gap, NEXT_IP)
        if p[0] == 0xff and p[1] == 3 and is_ip(p + 4, captured(c) - n - gap - 4, c.wire - n - gap - 4, True):
            return session_of(c, session, n + gap, NEXT_PPP)
    return False


cdef bint session_of(Cursor* c, u32 session, u32 n, u32 following) noexcept nogil:
    layer(c, LAYER_L2TPV3)
    push_directed(c, TUN_L2TPV3, session, session)
    advance(c, n)
    c.next = following
    return True


cdef bint l2tp_in_ip(Cursor* c) noexcept nogil:
    """L2TPv3 over IP (RFC 3931 section 4.1.1): the session comes first."""
    return advance_to_frame(c, 0)
