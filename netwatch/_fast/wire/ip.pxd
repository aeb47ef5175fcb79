"""What of an IPv4 header makes every receiver drop the packet."""
from netwatch._fast.base.bytes cimport u8, u32, be16
from netwatch._fast.base.sums cimport adds_up
from netwatch._fast.wire.cursor cimport Cursor
from netwatch._fast.wire.packet cimport NOTE_HEADER, PROTO_TCP

cdef enum:
    LEAST_PACKET = 46          # of Ethernet: what is shorter is padded (IEEE 802.3 4.2.3.3)
    SURE_PACKET = 1500         # of Ethernet: what is longer was perhaps joined by a card

cdef bint options_agree(const u8* p, const u8* end) noexcept nogil
cdef u32 unpadded(const u8* p, u32 n, u32 captured, u32 wire) noexcept nogil


cdef inline void check_header(Cursor* c, const u8* p, u32 n) noexcept nogil:
    """Note a header that does not add up (RFC 1122 section 3.2.1.2), unless a card has yet to put the sum in, or has
    joined the packet: whether that means anything, the flow knows."""
    if not adds_up(p, n) and be16(p + 10) and not (p[9] == PROTO_TCP and be16(p + 2) > SURE_PACKET):
        c.pk.notes |= NOTE_HEADER
