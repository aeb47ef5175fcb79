"""Headers between Ethernet and the network layer that switches add: VLAN, provider, fabric, group and service tags.

Each function begins behind the EtherType that names its header, and leaves in the cursor what the header says follows.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16, be24, be64
from netwatch._fast.wire.packet cimport FAMILY_MAC, PROTO_L2
from netwatch._fast.wire.names cimport (LAYER_CMD, LAYER_ETAG, LAYER_FABRICPATH, LAYER_HSR, LAYER_MACSEC, LAYER_NSH,
                                        LAYER_PBB, LAYER_TRILL, LAYER_VLAN, LAYER_VNTAG, REJECT_LINK_CUT)
from netwatch._fast.wire.cursor cimport (Cursor, MARK_CHANNEL, MARK_PATH, MARK_PORT, MARK_SERVICE, NEXT_ETH, NEXT_IP,
                                         NEXT_LLC, NEXT_MPLS, add_vid, advance, captured, layer, mark, mark_place,
                                         reject, stands_alone)

cdef enum:
    ET_LENGTH = 1536            # below it an EtherType is a length
    ET_MACSEC = 0x88E5
    ET_NSH = 0x894F
    ICV = 16                    # bytes of a MACsec integrity check value (IEEE 802.1AE 14.1)
    MACSEC_SCI = 0x20           # TCI bits, IEEE 802.1AE 9.5
    MACSEC_ENCRYPTED = 0x08
    MACSEC_CHANGED = 0x04


cdef void then_ethertype(Cursor* c, u16 kind) noexcept nogil:
    c.pk.ethertype = kind
    c.next = NEXT_LLC if kind < ET_LENGTH else <u32>kind


cdef void tagged(Cursor* c, u8 name, u32 n) noexcept nogil:
    """A header of n bytes of which the last two are the next EtherType."""
    cdef const u8* p = c.p
    layer(c, name)
    if advance(c, n):
        then_ethertype(c, be16(p + n - 2))
    else:
        reject(c, REJECT_LINK_CUT)


cdef void vlan(Cursor* c) noexcept nogil:
    """IEEE 802.1Q tag: priority and VID, then the next EtherType."""
    cdef const u8* p = c.p
    tagged(c, LAYER_VLAN, 4)
    if c.p != p:
        add_vid(c, be16(p))


cdef void provider_bridge(Cursor* c) noexcept nogil:
    """IEEE 802.1ah I-TAG: flags and the service's number, then the customer's Ethernet."""
    cdef const u8* p = c.p
    layer(c, LAYER_PBB)
    if not advance(c, 4):
        reject(c, REJECT_LINK_CUT)
        return
    mark(c, MARK_SERVICE, be24(p + 1))
    c.next = NEXT_ETH


cdef void group_tag(Cursor* c) noexcept nogil:
    """Cisco MetaData (SGT, 0x8909): version, length in words of 4 bytes, options; then the EtherType."""
    tagged(c, LAYER_CMD, 4 + <u32>c.p[1] * 4 if captured(c) >= 2 else 8)


cdef void vn_tag(Cursor* c) noexcept nogil:
    """Cisco VN-Tag (0x8926): direction, destination and source of virtual interfaces."""
    cdef const u8* p = c.p
    tagged(c, LAYER_VNTAG, 6)
    if c.p != p:
        mark_ports(c, be16(p) & 0x3fff, be16(p + 2) & 0x0fff)


cdef void e_tag(Cursor* c) noexcept nogil:
    """IEEE 802.1BR E-TAG (0x893F): priority, the E-CIDs of where it came in and where it goes to."""
    cdef const u8* p = c.p
    tagged(c, LAYER_ETAG, 8)
    if c.p != p:
        mark_ports(c, <u32>(be16(p) & 0x0fff) << 8 | p[4], <u32>(be16(p + 2) & 0x3fff) << 8 | p[5])


cdef void mark_ports(Cursor* c, u32 a, u32 b) noexcept nogil:
    """The ports that the packet is between: the same two, or the same one, for its answer."""
    cdef u64 ports = <u64>max(a, b) << 32 | min(a, b)
    if c.pk.family == FAMILY_MAC:
        mark_place(c, MARK_PORT, ports, c.pk.src, c.pk.dst)
    else:
        mark(c, MARK_PORT, ports)


cdef void fabric_path(Cursor* c) noexcept nogil:
    """Cisco FabricPath (0x8903): the addresses before it are the fabric's; FTAG and TTL, then the Ethernet carried."""
    layer(c, LAYER_FABRICPATH)
    if advance(c, 2):
        c.next = NEXT_ETH
    else:
        reject(c, REJECT_LINK_CUT)


cdef void trill(Cursor* c) noexcept nogil:
    """TRILL (RFC 6325 section 3.2): options in words of 4 bytes, hops, both ends; then the Ethernet carried."""
    layer(c, LAYER_TRILL)
    if captured(c) >= 6 and advance(c, 6 + (be16(c.p) >> 6 & 0x1f) * 4):
        c.next = NEXT_ETH
    else:
        reject(c, REJECT_LINK_CUT)


cdef void redundancy_tag(Cursor* c) noexcept nogil:
    """HSR (IEC 62439-3 section 5.7): path, size, number."""
    tagged(c, LAYER_HSR, 6)


cdef void macsec(Cursor* c) noexcept nogil:
    """MACsec (IEEE 802.1AE 9.3): what is only protected can be read; what is encrypted stays a flow of its own."""
    cdef const u8* p = c.p
    cdef u32 n = 6, size
    layer(c, LAYER_MACSEC)
    if captured(c) < n or p[0] & (MACSEC_ENCRYPTED | MACSEC_CHANGED):
        stands_alone(c, PROTO_L2, ET_MACSEC)
        return
    if p[0] & MACSEC_SCI:
        n += 8
        if captured(c) >= n:
            mark(c, MARK_CHANNEL, be64(p + 6))
    size = p[1] & 0x3f
    if not advance(c, n):
        reject(c, REJECT_LINK_CUT)
        return
    if size == 0 and c.wire > ICV:
        size = c.wire - ICV
    if size < c.wire:
        c.wire = size
    if size < captured(c):
        c.end = c.p + size
    p = c.p
    if advance(c, 2):
        then_ethertype(c, be16(p))
    else:
        reject(c, REJECT_LINK_CUT)


cdef void service_header(Cursor* c) noexcept nogil:
    """NSH (RFC 8300 section 2.2): length in words of 4 bytes, next protocol, service path."""
    cdef const u8* p = c.p
    cdef u32 n
    layer(c, LAYER_NSH)
    n = (be16(p) & 0x3f) * 4 if captured(c) >= 8 else 0
    if n < 8 or not advance(c, n):
        reject(c, REJECT_LINK_CUT)
        return
    if p[3] == 3 and captured(c) >= 14:     # a classifier may send the same frames along another path
        mark_place(c, MARK_PATH, be24(p + 4), c.p, c.p + 6)
    else:
        mark(c, MARK_PATH, be24(p + 4))
    if p[3] == 1 or p[3] == 2:
        c.next = NEXT_IP
    elif p[3] == 3:
        c.next = NEXT_ETH
    elif p[3] == 4:
        c.next = ET_NSH
    elif p[3] == 5:
        c.next = NEXT_MPLS
    else:
        stands_alone(c, PROTO_L2, ET_NSH)
