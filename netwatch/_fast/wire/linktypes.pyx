"""The header that each LINKTYPE begins a frame with. Values and layouts: the tcpdump group's list of link types.

Each function leaves in the cursor what comes next: Ethernet, LLC, PPP, a network protocol, or a rejection.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16, be24, be32, le16, le32
from netwatch._fast.base.mix cimport mix_bytes
from netwatch._fast.wire.names cimport (LAYER_CHDLC, LAYER_FRELAY, LAYER_LOOP, LAYER_NFLOG, LAYER_NULL, LAYER_PKTAP,
                                        LAYER_RAW, LAYER_SLL, LAYER_SLL2, REJECT_LINK_CUT, REJECT_LINK_TYPE)
from netwatch._fast.wire.cursor cimport (Cursor, MARK_CIRCUIT, MARK_INTERFACE, NEXT_ETH, NEXT_GRE, NEXT_IP, NEXT_LINK,
                                         NEXT_LLC, NEXT_MPLS, NEXT_PPP, NEXT_REJECT, NEXT_WLAN, advance, captured,
                                         layer, mark, reject)
from netwatch._fast.wire.devices cimport (broadcom_open, dsa_open, enc_open, infiniband_open, ipnet_open, juniper_open,
                                          pflog_open)
from netwatch._fast.wire.wlan cimport radiotap_open

cdef enum:
    ET_IP4 = 0x0800
    ET_IP6 = 0x86DD
    ET_ARP = 0x0806
    ET_PPPOE = 0x8864
    ET_LENGTH = 1536            # below it an EtherType is a length
    LINKS = 300                 # link types beyond are not read
    OPENERS = 32

ctypedef void (*Opener)(Cursor*) noexcept nogil

cdef Opener OPENER[OPENERS]     # 0 is for what is not read
cdef u8 OPENER_OF[LINKS]


cdef int _read(int number, Opener opener, links) except -1:
    """`opener` reads the header of these link types."""
    OPENER[number] = opener
    for link in links:
        OPENER_OF[<u32>link] = <u8>number
    return 0


_read(0, unread, ())
_read(1, ethernet_open, (1,))
_read(2, raw_open, (12, 14, 101, 228, 229))
_read(3, sll_open, (113,))
_read(4, sll2_open, (276,))
_read(5, loopback_open, (0, 108))
_read(6, ppp_open, (9, 50))
_read(7, pppoe_open, (51,))
_read(8, chdlc_open, (104,))
_read(9, frelay_open, (107,))
_read(10, wlan_open, (105,))
_read(11, radiotap_open, (119, 127, 163, 192))
_read(12, pktap_open, (149, 258))
_read(13, nflog_open, (239,))
_read(14, llc_carrier_open, (6, 10, 11, 100, 122))
_read(15, arcnet_open, (129,))
_read(16, pflog_open, (117,))
_read(17, enc_open, (109,))
_read(18, ipnet_open, (226,))
_read(19, juniper_open, (*range(130, 138), 141, 142, 167, 168, *range(178, 182), 194, 200))
_read(20, infiniband_open, (242,))
_read(21, dsa_open, (284, 285))
_read(22, broadcom_open, (281, 282))
_read(23, sunatm_open, (123,))
_read(24, analyzer_open, (240, 241, 274))
_read(25, mpls_open, (219,))


cdef void link_open(Cursor* c) noexcept nogil:
    """Read the header that the frame's link type begins with (c.link)."""
    OPENER[OPENER_OF[c.link] if c.link < LINKS else 0](c)


def reads_link(int link) -> bool:
    """Is there a reader for frames of this link type?"""
    return 0 <= link < LINKS and OPENER_OF[link] != 0


cdef void unread(Cursor* c) noexcept nogil:
    c.parser.unread_link = c.link
    reject(c, REJECT_LINK_TYPE)


cdef void ethernet_open(Cursor* c) noexcept nogil:
    c.next = NEXT_ETH


cdef void raw_open(Cursor* c) noexcept nogil:
    layer(c, LAYER_RAW)
    c.next = NEXT_IP


cdef void ppp_open(Cursor* c) noexcept nogil:
    c.next = NEXT_PPP


cdef void pppoe_open(Cursor* c) noexcept nogil:
    c.next = ET_PPPOE


cdef void wlan_open(Cursor* c) noexcept nogil:
    c.next = NEXT_WLAN


cdef void sll_open(Cursor* c) noexcept nogil:
    """LINKTYPE_LINUX_SLL: 16 bytes, the protocol in the last two."""
    cdef const u8* p = c.p
    layer(c, LAYER_SLL)
    if not advance(c, 16):
        reject(c, REJECT_LINK_CUT)
        return
    if be16(p + 2) == 778:                       # ARPHRD_IPGRE: the protocol is GRE's own
        c.next = NEXT_GRE if be16(p + 14) == 0 else <u32>be16(p + 14)
    else:
        linux_protocol(c, be16(p + 14))


cdef void sll2_open(Cursor* c) noexcept nogil:
    """LINKTYPE_LINUX_SLL2: 20 bytes, the protocol in the first two, the index of the frame's interface from the
    fifth."""
    cdef const u8* p = c.p
    layer(c, LAYER_SLL2)
    if advance(c, 20):
        c.encap.ifindex = be32(p + 4)
        linux_protocol(c, be16(p))
    else:
        reject(c, REJECT_LINK_CUT)


cdef void linux_protocol(Cursor* c, u16 protocol) noexcept nogil:
    if protocol == 1 or protocol == 4:           # ETH_P_802_3 (raw Novell or LLC) and ETH_P_802_2
        c.next = NEXT_LLC
    else:
        c.next = protocol


cdef void loopback_open(Cursor* c) noexcept nogil:
    """LINKTYPE_NULL (byte order of the writer) and LINKTYPE_LOOP (network order): a 4-byte address family."""
    cdef const u8* p = c.p
    cdef bint big = c.link == 108
    cdef u32 family
    layer(c, LAYER_LOOP if big else LAYER_NULL)
    if not advance(c, 4):
        reject(c, REJECT_LINK_CUT)
        return
    family = be32(p)
    if not big and family > 0xffff:
        family = le32(p)
    if family == 2 or family in (10, 24, 28, 30):   # AF_INET; AF_INET6 of Linux, NetBSD, FreeBSD, macOS
        c.next = NEXT_IP
    elif family == 7:                               # AF_ISO, OSPF over some tunnels is not IP
        reject(c, REJECT_LINK_TYPE)
    elif family >= ET_LENGTH:                       # some writers put an EtherType here
        c.next = family & 0xffff
    else:
        reject(c, REJECT_LINK_TYPE)


cdef void chdlc_open(Cursor* c) noexcept nogil:
    """Cisco HDLC: address, control, EtherType (RFC 1547 section 4.3)."""
    cdef const u8* p = c.p
    layer(c, LAYER_CHDLC)
    if advance(c, 4):
        c.next = be16(p + 2)
    else:
        reject(c, REJECT_LINK_CUT)


cdef u32 circuit_of(const u8* p, u32 n) noexcept nogil:
    """The DLCI of an address of n bytes (ITU-T Q.922 section 3.3): 10 bits of 2, 16 of 3, 23 of 4. The six of the last
    byte of 3 or 4 are none of it where its D/C bit says that they control."""
    cdef u32 dlci = <u32>(p[0] >> 2) << 4 | p[1] >> 4
    if n == 4:
        dlci = dlci << 7 | p[2] >> 1
    if n > 2 and not p[n - 1] & 2:
        dlci = dlci << 6 | p[n - 1] >> 2
    return dlci


cdef void frelay_open(Cursor* c) noexcept nogil:
    """Frame relay: an address of 2 to 4 bytes, then RFC 2427 encapsulation, or Cisco's EtherType."""
    cdef u32 n = 2
    cdef const u8* p = c.p
    layer(c, LAYER_FRELAY)
    while n <= 4 and captured(c) >= n and not p[n - 1] & 1:
        n += 1
    if n > 4 or not advance(c, n) or captured(c) < 2:
        reject(c, REJECT_LINK_CUT)
        return
    mark(c, MARK_CIRCUIT, <u64>n << 32 | circuit_of(p, n))
    p = c.p
    if p[0] != 0x03:
        c.next = be16(p)
        advance(c, 2)
        return
    n = 3 if p[1] == 0 and captured(c) >= 3 else 2      # a padding byte may stand before the NLPID
    c.next = NEXT_REJECT
    if p[n - 1] == 0xCC or p[n - 1] == 0x8E:
        advance(c, n)
        c.next = NEXT_IP
    elif p[n - 1] == 0x80 and captured(c) >= n + 5:
        c.next = be16(p + n + 3)
        if be16(p + n) == 0x0080 and p[n + 2] == 0xC2:  # IEEE 802.1 bridged
            c.next = NEXT_ETH if c.next in (1, 7) else NEXT_REJECT
        advance(c, n + 5)
    if c.next == NEXT_REJECT:
        reject(c, REJECT_LINK_TYPE)


cdef void pktap_open(Cursor* c) noexcept nogil:
    """LINKTYPE_PKTAP (Apple): header length, record type, link type of what follows; little-endian."""
    cdef const u8* p = c.p
    cdef u32 n
    layer(c, LAYER_PKTAP)
    if captured(c) < 12:
        reject(c, REJECT_LINK_CUT)
        return
    n = le32(p)
    if n < 12 or not advance(c, n):
        reject(c, REJECT_LINK_CUT)
        return
    if n >= 36:
        mark(c, MARK_INTERFACE, mix_bytes(p + 12, 24))          # its name
    c.link = <u16>(le32(p + 8) & 0xffff)
    c.next = NEXT_LINK


cdef void nflog_open(Cursor* c) noexcept nogil:
    """LINKTYPE_NFLOG: address family, then TLVs in host order padded to 4; the payload is type 9. Types 4 and 5 are
    the interfaces that it came in by and goes out by."""
    cdef const u8* p = c.p
    cdef u32 n, kind, incoming = 0, outgoing = 0
    layer(c, LAYER_NFLOG)
    if not advance(c, 4):
        reject(c, REJECT_LINK_CUT)
        return
    while captured(c) >= 4:
        p = c.p
        n = le16(p)
        kind = le16(p + 2) & 0x7fff
        if n < 4:
            break
        if n >= 8 and captured(c) >= 8 and (kind == 4 or kind == 5):
            incoming, outgoing = be32(p + 4) if kind == 4 else incoming, be32(p + 4) if kind == 5 else outgoing
        if kind == 9:
            if incoming | outgoing:
                mark(c, MARK_INTERFACE, <u64>max(incoming, outgoing) << 32 | min(incoming, outgoing))
            advance(c, 4)
            c.next = NEXT_IP
            return
        if not advance(c, (n + 3) & ~<u32>3):
            break
    reject(c, REJECT_LINK_CUT)


cdef void llc_carrier_open(Cursor* c) noexcept nogil:
    """Token ring, FDDI, RFC 1483 ATM, IP over Fibre Channel: a header, then LLC."""
    cdef u32 n = 0
    if c.link == 6:
        n = 14
        if captured(c) > 14 and c.p[8] & 0x80:          # a source route follows the addresses
            n += c.p[14] & 0x1f
    elif c.link == 10:
        n = 13
    elif c.link == 122:
        n = 16
    if advance(c, n):
        c.next = NEXT_LLC
    else:
        reject(c, REJECT_LINK_CUT)


cdef void sunatm_open(Cursor* c) noexcept nogil:
    """LINKTYPE_SUNATM: flags with the kind of traffic, VPI, VCI (2); then LLC, or Ethernet behind the two bytes of LAN
    emulation."""
    cdef const u8* p = c.p
    if not advance(c, 4):
        reject(c, REJECT_LINK_CUT)
    elif p[0] & 15 == 2:
        mark(c, MARK_CIRCUIT, <u64>1 << 40 | be24(p + 1))
        c.next = NEXT_LLC
    elif p[0] & 15 == 1 and captured(c) >= 2 and be16(p + 4) != 0xFF00:      # else it is LAN emulation's own
        mark(c, MARK_CIRCUIT, <u64>1 << 40 | be24(p + 1))
        advance(c, 2)
        c.next = NEXT_ETH
    else:
        reject(c, REJECT_LINK_TYPE)


cdef void analyzer_open(Cursor* c) noexcept nogil:
    """LINKTYPE_NETANALYZER: 4 bytes of the device, then Ethernet; _TRANSPARENT has the preamble before that, and
    LINKTYPE_ETHERNET_MPACKET (IEEE 802.3br) that alone: what begins a whole frame (SMD-E) is read."""
    cdef u32 n = 0 if c.link == 274 else 4, preamble = 0 if c.link == 240 else 8
    if not advance(c, n + preamble):
        reject(c, REJECT_LINK_CUT)
    elif preamble and c.p[-1] != 0xD5:
        reject(c, REJECT_LINK_TYPE)
    else:
        c.next = NEXT_ETH


cdef void mpls_open(Cursor* c) noexcept nogil:
    c.next = NEXT_MPLS


cdef void arcnet_open(Cursor* c) noexcept nogil:
    """LINKTYPE_ARCNET_LINUX: source, destination, offset (2), protocol id (RFC 1201 section 2, RFC 1051)."""
    cdef const u8* p = c.p
    cdef u32 n = 8
    if captured(c) >= 5 and (p[4] == 240 or p[4] == 241):       # RFC 1051 has no split flag and sequence
        n = 5
    if not advance(c, n):
        reject(c, REJECT_LINK_CUT)
    elif p[4] in (240, 212):
        c.next = ET_IP4
    elif p[4] in (241, 213):
        c.next = ET_ARP
    elif p[4] == 196:
        c.next = ET_IP6
    else:
        reject(c, REJECT_LINK_TYPE)
