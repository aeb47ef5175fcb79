"""ESP without encryption (RFC 2410), or with integrity alone (RFC 4543): its packet can be read.

Nothing in the frame says so (RFC 5879 is about that), nor how long the check value behind the trailer is. Only what
proves itself is entered: the trailer names a protocol, its padding counts up, and what is before it is a packet or a
segment whose lengths and sums are right. Anything else is taken for encrypted, as nearly all of it is.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16
from netwatch._fast.base.sums cimport carry, ends_sum, fold, htons, ones_sum
from netwatch._fast.wire.cursor cimport Cursor, captured
from netwatch._fast.wire.evidence cimport is_summed_ip
from netwatch._fast.wire.packet cimport PROTO_TCP, PROTO_UDP

cdef enum:
    HEADER = 8                 # SPI, sequence number (RFC 4303 section 2)
    TRAILER = 2                # length of the padding, next header
    GMAC_IV = 8                # RFC 4543 section 3.1
    CHECKS = 5
    IP4_IN_IP = 4
    IP6_IN_IP = 41

cdef u32* CHECK = [12, 16, 24, 32, 0]   # bytes of the value (RFC 2404, 4868, 4543); none was allowed before RFC 4303


cdef bint esp_null(Cursor* c, u8* proto) noexcept nogil:
    """Is what the ESP header at the cursor protects to be read? Then the cursor is at it, its end is before the
    trailer, and `proto` is what it is."""
    cdef const u8* p = c.p
    cdef u32 n = captured(c), i, at, size
    if n != c.wire:
        return False                            # the trailer was not captured
    for i in range(CHECKS):
        if n < HEADER + TRAILER + CHECK[i]:
            continue
        at = n - CHECK[i]
        proto[0] = p[at - 1]
        if proto[0] != IP4_IN_IP and proto[0] != IP6_IN_IP and proto[0] != PROTO_TCP and proto[0] != PROTO_UDP:
            continue
        size = unpadded(p + HEADER, at - HEADER)
        if size and proves(c, p + HEADER, size, proto[0]):
            enter(c, HEADER, size)
            return True
        if size > GMAC_IV and CHECK[i] == 16 and proves(c, p + HEADER + GMAC_IV, size - GMAC_IV, proto[0]):
            enter(c, HEADER + GMAC_IV, size - GMAC_IV)
            return True
    return False


cdef inline void enter(Cursor* c, u32 n, u32 size) noexcept nogil:
    c.p += n
    c.end = c.p + size
    c.wire = size


cdef u32 unpadded(const u8* p, u32 n) noexcept nogil:
    """Bytes before padding of 1, 2, 3 ... (RFC 4303 section 2.4) and a trailer; 0 where it is not so."""
    cdef u32 pad = p[n - 2], i
    if pad + TRAILER >= n:
        return 0
    for i in range(pad):
        if p[n - TRAILER - pad + i] != i + 1:
            return 0
    return n - TRAILER - pad


cdef bint proves(const Cursor* c, const u8* p, u32 n, u8 proto) noexcept nogil:
    """A packet, or a segment between the ends of this one, that nothing but itself can be."""
    cdef u64 pseudo
    if proto == IP4_IN_IP or proto == IP6_IN_IP:
        return p[0] >> 4 == (4 if proto == IP4_IN_IP else 6) and is_summed_ip(p, n, n, True)
    if proto == PROTO_UDP:
        if n < 8 or be16(p + 4) != n or be16(p + 6) == 0:
            return False
    elif n < 20 or p[12] >> 4 < 5 or <u32>(p[12] >> 4) * 4 > n or p[12] & 15 or not (p[13] & 0x20 or be16(p + 18) == 0):
        return False
    pseudo = carry(ends_sum(c.pk.src, c.pk.dst), htons(<u16>proto) + htons(<u16>n))
    return fold(ones_sum(pseudo, p, n)) == 0xffff
