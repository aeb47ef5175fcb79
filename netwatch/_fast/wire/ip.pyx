"""What of an IPv4 header makes every receiver drop the packet: options that do not fit, sums that are wrong."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.wire.packet cimport PROTO_TCP


cdef bint options_agree(const u8* p, const u8* end) noexcept nogil:
    """Do the options of an IPv4 header (RFC 791 section 3.1) fit into it?"""
    while p < end and p[0] != 0:
        if p[0] == 1:
            p += 1
        elif end - p < 2 or p[1] < 2 or p[1] > end - p:
            return False
        else:
            p += p[1]
    return True


cdef u32 unpadded(const u8* p, u32 n, u32 captured, u32 wire) noexcept nogil:
    """How long a packet is whose header of n bytes does not say it: to the end of the frame, but for the zeros that
    fill the shortest ones. Only of TCP does a card put the length in."""
    cdef u32 least
    if wire > LEAST_PACKET or captured != wire or p[9] != PROTO_TCP or wire < n + 20:
        return wire
    least = n + (p[n + 12] >> 4) * 4
    while wire > least and p[wire - 1] == 0:
        wire -= 1
    return wire
