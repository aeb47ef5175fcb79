"""What of an IPv4 header makes every receiver drop the packet: options that do not fit, sums that are wrong."""
from netwatch._fast.base.bytes cimport u8


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
