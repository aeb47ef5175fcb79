"""Is what is carried what a port or a field says it is? The version and the lengths of a packet must agree.

n bytes at p were captured of `wire`. With `exact` the packet must fill them; without, padding may follow.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16
from netwatch._fast.base.sums cimport adds_up, carry, ends_sum, fold, htons, ones_sum
from netwatch._fast.wire.packet cimport PROTO_ICMP6, PROTO_TCP, PROTO_UDP

cdef enum:
    LEAST_FRAME = 60           # IEEE 802.3, without the check sequence
    LEAST_DATA = 46            # ... and without its header
    TRAILER = 24               # check sequence, time stamp: what a tap or a mirror puts behind a frame at most
    TAGS = 4                   # VLAN tags looked through


cdef inline bint agrees(u32 size, u32 wire, bint exact) noexcept nogil:
    return size == wire if exact else size <= wire


cdef bint is_ip(const u8* p, u32 n, u32 wire, bint exact) noexcept nogil:
    """An IPv4 (RFC 791) or IPv6 (RFC 8200) header whose length agrees with what carries it."""
    if n >= 20 and p[0] >> 4 == 4:
        return p[0] & 15 >= 5 and be16(p + 2) >= (p[0] & 15) * 4 and agrees(be16(p + 2), wire, exact)
    return n >= 40 and p[0] >> 4 == 6 and agrees(<u32>be16(p + 4) + 40, wire, exact)


cdef bint is_summed_ip(const u8* p, u32 n, u32 wire, bint exact) noexcept nogil:
    """A packet, and a sum that says so: of the IPv4 header, or, behind IPv6, of the transport, which must have been
    captured whole (RFC 8200 section 8.1)."""
    cdef u64 pseudo
    cdef u32 size
    if not is_ip(p, n, wire, exact):
        return False
    if p[0] >> 4 == 4:
        return n >= (p[0] & 15) * 4 and adds_up(p, (p[0] & 15) * 4)
    size = be16(p + 4)
    if size < 8 or n < size + 40 or (p[6] != PROTO_TCP and p[6] != PROTO_UDP and p[6] != PROTO_ICMP6):
        return False
    pseudo = carry(ends_sum(p + 8, p + 24), htons(<u16>p[6]) + htons(<u16>size))
    return fold(ones_sum(pseudo, p + 40, size)) == 0xffff


cdef bint is_proven(const u8* p, u32 n, u32 wire) noexcept nogil:
    """A packet that fills the rest, and a sum that says so."""
    return is_summed_ip(p, n, wire, True)


cdef bint is_ethernet(const u8* p, u32 n, u32 wire, bint exact) noexcept nogil:
    """An Ethernet header, perhaps with VLAN tags, and behind it IP, ARP, or LLC of the length said. A frame of the
    least length may be padded; a length that leaves more than that, and what is put behind frames, is none."""
    cdef u32 at = 12, kind, tags = 0
    exact = exact and wire != LEAST_FRAME
    while n >= at + 2 and tags <= TAGS:
        kind = be16(p + at)
        at += 2
        if kind == 0x0800 or kind == 0x86DD:
            return p[at] >> 4 == (4 if kind == 0x0800 else 6) and is_ip(p + at, n - at, wire - at, exact) if n > at \
                else False
        if kind == 0x0806:
            return n >= at + 8 and be16(p + at) == 1 and be16(p + at + 2) == 0x0800 and p[at + 4] == 6
        if kind < 1536:
            return (n >= at + 3 and kind >= 3 and agrees(kind, wire - at, exact)
                    and wire - at <= (kind if kind > LEAST_DATA else <u32>LEAST_DATA) + TRAILER)
        if kind != 0x8100 and kind != 0x88A8 and kind != 0x9100:
            return False
        at += 2
        tags += 1
    return False


cdef u32 find_ethernet(const u8* p, u32 n, u32 wire, u32 most) noexcept nogil:
    """Of the offsets 0, 4, ... `most` the one where an Ethernet frame fills the rest, or most + 1: no header of ours
    says how long a cookie is."""
    cdef u32 at
    for at in range(0, most + 1, 4):
        if at < n and is_ethernet(p + at, n - at, wire - at, True):
            return at
    return most + 1
