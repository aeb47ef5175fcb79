"""VNC that is joined behind its handshake: messages of RFC 6143 sections 7.3 to 7.6, on its own ports. Inline."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice, be16, be32
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.common.again cimport messages_fill

cdef enum:
    SERVER_INIT = 24           # section 7.3.2
    PORT = 5900
    DISPLAYS = 10
    ENCODING_MOST = 64         # IANA's list of RFB encodings, and what stands beside a picture
    PSEUDO_LEAST = 0xfffffe00
    FIRST_MOST = 64            # high byte of a screen's width


cdef inline u64 client_length(Look* look, const u8* p, u32 n) noexcept nogil:
    """Of one of the client's messages (RFC 6143 section 7.5)."""
    if n < 8:
        return (6 if p[0] == 5 else 4 + 4 * <u64>be16(p + 2) if p[0] == 2 and n >= 4 else 8) if p[0] < 7 else 0
    if p[0] == 0:
        return 20 if be32(p) == 0 and (p[4] == 8 or p[4] == 16 or p[4] == 32) else 0
    if p[0] == 2:
        return 4 + 4 * <u64>be16(p + 2) if p[1] == 0 else 0
    if p[0] == 3 or p[0] == 4:
        return 0 if p[1] > 1 or p[0] == 4 and be16(p + 2) else 10 if p[0] == 3 else 8
    if p[0] == 6:
        return 8 + <u64>be32(p + 4) if be32(p) == 0x06000000 else 0
    return 6 if p[0] == 5 else 0


cdef inline bint desktop_begins(const u8* p, u32 n) noexcept nogil:
    """A whole ServerInit: bits of a pixel, of its colour, two truth values, and the length of a name."""
    return n > SERVER_INIT and (p[4] == 8 or p[4] == 16 or p[4] == 32) and p[5] <= p[4] and p[6] < 2 and p[7] < 2 \
        and n == SERVER_INIT + be32(p + 20)


cdef inline int joined(Look* look, Slice d) noexcept nogil:
    """On the ports of the first displays, messages that fill the segment, or an update of the screen that begins."""
    cdef u16 mine = look.row.pb if look.side else look.row.pa, other = look.row.pa if look.side else look.row.pb
    if 0 <= <int>other - PORT < DISPLAYS:
        return 60 if d.n > 5 and messages_fill(look, d, client_length) else 0
    if not 0 <= <int>mine - PORT < DISPLAYS or d.n < 16:
        return 0
    if desktop_begins(d.p, d.n):
        return 80
    return 60 if be16(d.p) == 0 and be16(d.p + 2) and be16(d.p + 8) and be16(d.p + 10) \
        and (be32(d.p + 12) <= ENCODING_MOST or be32(d.p + 12) >= PSEUDO_LEAST) else 0
