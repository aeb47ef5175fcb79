"""Headers that firewalls, routers and switch chips put before the frames they hand out.

PFLOG and ENC are OpenBSD's, IPNET is Solaris', Juniper's PICs share one header, DSA and Broadcom's are the tags by
which a switch chip tells its host the port. Layouts: the tcpdump group's list of link types, and the kernels that write
them.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, be16, be32, le32
from netwatch._fast.base.mix cimport mix_bytes
from netwatch._fast.wire.evidence cimport is_ethernet, is_ip
from netwatch._fast.wire.packet cimport FAMILY_MAC
from netwatch._fast.wire.names cimport (LAYER_BRCM, LAYER_DSA, LAYER_ENC, LAYER_IPNET, LAYER_IPOIB, LAYER_JUNIPER,
                                        LAYER_PFLOG, REJECT_LINK_CUT, REJECT_LINK_TYPE)
from netwatch._fast.wire.cursor cimport (Cursor, MARK_INTERFACE, NEXT_ETH, NEXT_IP, NEXT_LINK, NEXT_LLC, NEXT_PPP,
                                         add_vid, advance, captured, layer, mark, reject)

cdef enum:
    ET_LENGTH = 1536            # below it an EtherType is a length
    ENC_BYTES = 12
    IPNET_BYTES = 24
    GRH = 40                    # InfiniBand's global route header
    JUNIPER_EXTENSION = 0x80    # flags of Juniper's header
    JUNIPER_NO_LINK = 0x02
    COOKIE = 24                 # most bytes of a PIC's cookie
    DSA_TAGGED = 0x20


cdef void family_of(Cursor* c, u32 family) noexcept nogil:
    """An address family of any BSD, Solaris or Linux."""
    if family == 2 or family in (10, 24, 26, 28, 30):
        c.next = NEXT_IP
    else:
        reject(c, REJECT_LINK_TYPE)


cdef void pflog_open(Cursor* c) noexcept nogil:
    """LINKTYPE_PFLOG 117: a header that says its length, padded to 4; the address family is its second byte."""
    cdef const u8* p = c.p
    layer(c, LAYER_PFLOG)
    if captured(c) < 2 or p[0] < 4 or not advance(c, <u32>p[0] + 3 & ~<u32>3):
        reject(c, REJECT_LINK_CUT)
    else:
        if p[0] >= 20:
            mark(c, MARK_INTERFACE, mix_bytes(p + 4, 16))       # its name
        family_of(c, p[1])


cdef void enc_open(Cursor* c) noexcept nogil:
    """LINKTYPE_ENC 109: address family in the byte order of the writer, SPI, flags."""
    cdef const u8* p = c.p
    layer(c, LAYER_ENC)
    if advance(c, ENC_BYTES):
        family_of(c, be32(p) if be32(p) < 0x10000 else le32(p))
    else:
        reject(c, REJECT_LINK_CUT)


cdef void ipnet_open(Cursor* c) noexcept nogil:
    """LINKTYPE_IPNET 226: version, family, hook, length, interfaces, zones; the interface is the frame's own."""
    cdef const u8* p = c.p
    layer(c, LAYER_IPNET)
    if advance(c, IPNET_BYTES):
        c.encap.ifindex = be32(p + 8)
        family_of(c, p[1])
    else:
        reject(c, REJECT_LINK_CUT)


cdef void juniper_open(Cursor* c) noexcept nogil:
    """Juniper's header: magic, flags, perhaps extensions; then the link layer of the type, or a cookie and what
    follows."""
    cdef const u8* p = c.p
    cdef u16 link = c.link
    cdef u32 n = 4
    layer(c, LAYER_JUNIPER)
    if captured(c) < 4 or p[0] != 0x4D or p[1] != 0x47 or p[2] != 0x43:
        reject(c, REJECT_LINK_CUT)
        return
    if p[3] & JUNIPER_EXTENSION:
        n = 6 + be16(p + 4) if captured(c) >= 6 else captured(c) + 1
    if not advance(c, n):
        reject(c, REJECT_LINK_CUT)
        return
    if n > 6:
        mark(c, MARK_INTERFACE, mix_bytes(p + 6, n - 6))        # device, unit and the like
    if p[3] & JUNIPER_NO_LINK:
        behind_cookie(c)
    elif link == 178:
        c.next = NEXT_ETH
    elif link == 179:
        c.next = NEXT_PPP
    elif link == 180 or link == 181:
        c.link = 107 if link == 180 else 104
        c.next = NEXT_LINK
    else:
        behind_cookie(c)


cdef void behind_cookie(Cursor* c) noexcept nogil:
    """How long a cookie is depends on the card: what follows must be a packet by its own lengths, or the type is not
    read."""
    cdef u32 at
    for at in range(COOKIE + 1):
        if captured(c) <= at:
            break
        if is_ip(c.p + at, captured(c) - at, c.wire - at, False):
            advance(c, at)
            c.next = NEXT_IP
            return
        if is_ethernet(c.p + at, captured(c) - at, c.wire - at, False):
            advance(c, at)
            c.next = NEXT_ETH
            return
    c.parser.unread_link = c.link
    reject(c, REJECT_LINK_TYPE)


cdef void infiniband_open(Cursor* c) noexcept nogil:
    """LINKTYPE_IPOIB 242: a global route header, then EtherType and two reserved bytes (RFC 4391 section 6)."""
    cdef const u8* p = c.p
    layer(c, LAYER_IPOIB)
    if advance(c, GRH + 4):
        c.next = be16(p + GRH)
    else:
        reject(c, REJECT_LINK_CUT)


cdef void tagged_ethernet(Cursor* c, u32 at, u32 n) noexcept nogil:
    """Ethernet whose EtherType comes behind n bytes at `at` that a switch chip put in; addresses come first unless
    `at` is 0."""
    cdef const u8* p = c.p
    cdef const u8* ends = p if at else p + n
    cdef u32 i, kind
    if not advance(c, n + 14):
        reject(c, REJECT_LINK_CUT)
        return
    for i in range(6):
        c.pk.dst[i] = ends[i]
        c.pk.src[i] = ends[6 + i]
    c.pk.family = FAMILY_MAC
    kind = be16(p + n + 12)
    c.pk.ethertype = <u16>kind
    c.next = kind
    if kind < ET_LENGTH:
        if kind < c.wire:                       # 802.3: what follows the length is padding
            c.wire = kind
        if kind < captured(c):
            c.end = c.p + kind
        c.next = NEXT_LLC


cdef void dsa_open(Cursor* c) noexcept nogil:
    """LINKTYPE_DSA_TAG_DSA 284 (4 bytes behind the addresses) and _EDSA 285 (8, an EtherType first), as Marvell has
    it."""
    cdef const u8* p = c.p
    cdef u32 n = 4 if c.link == 284 else 8
    layer(c, LAYER_DSA)
    if captured(c) >= 12 + n and p[8 + n] & DSA_TAGGED:    # the VLAN tag became this one
        add_vid(c, be16(p + 10 + n))
    tagged_ethernet(c, 12, n)


cdef void broadcom_open(Cursor* c) noexcept nogil:
    """LINKTYPE_DSA_TAG_BRCM 281 (4 bytes behind the addresses) and _BRCM_PREPEND 282 (before them)."""
    layer(c, LAYER_BRCM)
    tagged_ethernet(c, 12 if c.link == 281 else 0, 4)
