"""The user plane of GTP over UDP: GTP-U (3GPP TS 29.281), and version 0 (GSM 09.60), whose one port has both planes."""
from netwatch._fast.base.bytes cimport u8, u32, be16, be32
from netwatch._fast.base.mix cimport mix_bytes
from netwatch._fast.wire.cursor cimport Cursor, NEXT_ETH, NEXT_IP, advance, captured, layer
from netwatch._fast.wire.evidence cimport is_ethernet, is_ip
from netwatch._fast.wire.names cimport LAYER_GTPU, TUN_GTPU
from netwatch._fast.wire.tunnel cimport push_directed, push_marked

cdef enum:
    G_PDU = 255                # the message that carries a user's packet
    HEADER_0 = 20              # bytes of version 0's header


cdef u32 gtpu_header(const Cursor* c) noexcept nogil:
    """Bytes of a GTP-U header (3GPP TS 29.281 section 5.1) of version 1 and message 255 (G-PDU), with its optional
    fields and extension headers; 0 when it is none."""
    cdef const u8* p = c.p
    cdef u32 n = 12
    cdef u8 more
    if captured(c) < 9 or p[0] & 0xF0 != 0x30 or p[1] != G_PDU:
        return 0
    if not p[0] & 7:
        return 8
    if captured(c) < n:
        return 0
    more = p[11] if p[0] & 4 else 0
    while more:
        if captured(c) <= n or p[n] == 0 or captured(c) < n + <u32>p[n] * 4:
            return 0
        n += <u32>p[n] * 4
        more = p[n - 1]
    return n


cdef bint gtpu(Cursor* c) noexcept nogil:
    """What GTP-U carries: IP, or a frame."""
    cdef const u8* p = c.p
    cdef u32 n = gtpu_header(c)
    if n == 0 or captured(c) <= n:
        return False
    if p[n] >> 4 == 4 or p[n] >> 4 == 6:
        c.next = NEXT_IP
    elif is_ethernet(p + n, captured(c) - n, c.wire - n, False):      # a PDU session of type Ethernet
        c.next = NEXT_ETH
    else:
        return False
    layer(c, LAYER_GTPU)
    push_directed(c, TUN_GTPU, be32(p + 4), be32(p + 4))
    advance(c, n)
    return True


cdef bint gtp0(Cursor* c) noexcept nogil:
    """A user's packet in version 0 (GSM 09.60 section 9): behind the header, whose length it fills. The identifier of
    the tunnel is made of the subscriber's, and is the same both ways."""
    cdef const u8* p = c.p
    cdef u32 n
    if captured(c) <= HEADER_0 or p[0] >> 4 != 1 or p[1] != G_PDU:
        return False
    n = be16(p + 2)
    if n + HEADER_0 > c.wire or not is_ip(p + HEADER_0, captured(c) - HEADER_0, n, True):
        return False
    layer(c, LAYER_GTPU)
    push_marked(c, TUN_GTPU, be16(p + 6), <u32>mix_bytes(p + 12, 8) | 1)
    advance(c, HEADER_0)
    c.next = NEXT_IP
    return True
