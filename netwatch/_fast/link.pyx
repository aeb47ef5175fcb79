# cython: boundscheck=False
"""Link layers: from the first byte of a frame to its network protocol, over tags, labels and PPPoE on the way.

`link_open` reads the header a LINKTYPE begins with; `link_step` follows what may repeat: Ethernet, VLAN tags, LLC/SNAP,
PPP, PPPoE, MPLS. Both leave in the cursor what comes next. LINKTYPE values: the tcpdump group's list.
"""

from netwatch._fast.bytes cimport u8, u16, u32, be16, be32, le16, le32
from netwatch._fast.packet cimport MAX_TAGS, FAMILY_MAC, PROTO_LLDP, PROTO_CDP, PROTO_LACP, PROTO_STP, PROTO_EAPOL, \
    PROTO_L2
from netwatch._fast.names cimport *
from netwatch._fast.parse cimport *
from netwatch._fast.wlan cimport wlan_step, radiotap_open

cdef enum:                      # EtherTypes, IEEE 802 numbers
    ET_IP4 = 0x0800
    ET_IP6 = 0x86DD
    ET_VLAN = 0x8100
    ET_QINQ = 0x88A8
    ET_QINQ_OLD = 0x9100
    ET_MPLS = 0x8847
    ET_MPLS_UP = 0x8848
    ET_PPPOE_DISCOVERY = 0x8863
    ET_PPPOE = 0x8864
    ET_PBB = 0x88E7             # IEEE 802.1ah I-TAG
    ET_TEB = 0x6558
    ET_EAPOL = 0x888E
    ET_LLDP = 0x88CC
    ET_SLOW = 0x8809
    ET_LENGTH = 1536            # below it is a length: IEEE 802.3 with LLC


cdef void link_open(Cursor* c) noexcept nogil:
    """Read the header that the frame's link type begins with (c.link)."""
    cdef u16 link = c.link
    if link == 1:
        c.next = NEXT_ETH
    elif link in (12, 14, 101, 228, 229):
        layer(c, LAYER_RAW)
        c.next = NEXT_IP
    elif link == 113:
        sll_open(c)
    elif link == 276:
        sll2_open(c)
    elif link == 0 or link == 108:
        loopback_open(c, link == 108)
    elif link == 9 or link == 50:
        c.next = NEXT_PPP
    elif link == 51:
        c.next = ET_PPPOE
    elif link == 104:
        chdlc_open(c)
    elif link == 107:
        frelay_open(c)
    elif link == 105:
        c.next = NEXT_WLAN
    elif link in (127, 119, 163, 192):
        radiotap_open(c)
    elif link == 258 or link == 149:
        pktap_open(c)
    elif link == 239:
        nflog_open(c)
    elif link in (6, 10, 100, 122, 129):
        llc_carrier_open(c)
    else:
        c.parser.unread_link = link
        reject(c, REJECT_LINK_TYPE)


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
    """LINKTYPE_LINUX_SLL2: 20 bytes, the protocol in the first two."""
    cdef const u8* p = c.p
    layer(c, LAYER_SLL2)
    if advance(c, 20):
        linux_protocol(c, be16(p))
    else:
        reject(c, REJECT_LINK_CUT)


cdef void linux_protocol(Cursor* c, u16 protocol) noexcept nogil:
    if protocol == 1 or protocol == 4:           # ETH_P_802_3 (raw Novell or LLC) and ETH_P_802_2
        c.next = NEXT_LLC
    else:
        c.next = protocol


cdef void loopback_open(Cursor* c, bint big) noexcept nogil:
    """LINKTYPE_NULL (byte order of the writer) and LINKTYPE_LOOP (network order): a 4-byte address family."""
    cdef const u8* p = c.p
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
    c.link = <u16>(le32(p + 8) & 0xffff)
    c.next = NEXT_LINK


cdef void nflog_open(Cursor* c) noexcept nogil:
    """LINKTYPE_NFLOG: address family, then TLVs in host order padded to 4; the payload is type 9."""
    cdef const u8* p = c.p
    cdef u32 n, kind
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
        if kind == 9:
            advance(c, 4)
            c.next = NEXT_IP
            return
        if not advance(c, (n + 3) & ~<u32>3):
            break
    reject(c, REJECT_LINK_CUT)


cdef void llc_carrier_open(Cursor* c) noexcept nogil:
    """Token ring, FDDI, RFC 1483 ATM, IP over Fibre Channel, Linux ARCNET: a header, then LLC or a protocol id."""
    cdef u32 n = 0
    if c.link == 6:
        n = 14
        if captured(c) > 14 and c.p[8] & 0x80:          # a source route follows the addresses
            n += c.p[14] & 0x1f
    elif c.link == 10:
        n = 13
    elif c.link == 122:
        n = 16
    elif c.link == 129:
        arcnet_open(c)
        return
    if advance(c, n):
        c.next = NEXT_LLC
    else:
        reject(c, REJECT_LINK_CUT)


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
        c.next = 0x0806
    elif p[4] == 196:
        c.next = ET_IP6
    else:
        reject(c, REJECT_LINK_TYPE)


cdef void link_step(Cursor* c) noexcept nogil:
    """Follow one header below the network layer; leaves c.next at an EtherType of the network layer when done."""
    cdef u32 next = c.next
    if next == NEXT_ETH or next == ET_TEB:
        ethernet(c)
    elif next == ET_VLAN or next == ET_QINQ or next == ET_QINQ_OLD:
        vlan(c)
    elif next == NEXT_LLC:
        llc(c)
    elif next == NEXT_PPP or next == 0x880B:
        ppp(c)
    elif next == ET_PPPOE or next == ET_PPPOE_DISCOVERY:
        pppoe(c)
    elif next == ET_MPLS or next == ET_MPLS_UP or next == NEXT_MPLS:
        mpls(c)
    elif next == ET_PBB:
        layer(c, LAYER_PBB)
        c.next = NEXT_ETH
        if not advance(c, 4):
            reject(c, REJECT_LINK_CUT)
    elif next == NEXT_LINK:
        link_open(c)
    elif next == NEXT_WLAN or next == NEXT_WLAN_SWAPPED:
        wlan_step(c)
    elif next < ET_LENGTH:
        c.next = NEXT_LLC
    else:
        link_protocol(c, next)


cdef void ethernet(Cursor* c) noexcept nogil:
    cdef const u8* p = c.p
    cdef u16 kind
    layer(c, LAYER_ETH)
    if not advance(c, 14):
        reject(c, REJECT_LINK_CUT)
        return
    mac_ends(c, p + 6, p)
    kind = be16(p + 12)
    c.pk.ethertype = kind
    if kind < ET_LENGTH:
        if kind < captured(c):                  # 802.3: what follows the length is padding
            c.end = c.p + kind
        c.next = NEXT_LLC
    else:
        c.next = kind


cdef void mac_ends(Cursor* c, const u8* src, const u8* dst) noexcept nogil:
    cdef int i
    for i in range(6):
        c.pk.src[i] = src[i]
        c.pk.dst[i] = dst[i]
    c.pk.family = FAMILY_MAC


cdef void vlan(Cursor* c) noexcept nogil:
    """IEEE 802.1Q tag: priority and VID, then the next EtherType."""
    cdef const u8* p = c.p
    layer(c, LAYER_VLAN)
    if not advance(c, 4):
        reject(c, REJECT_LINK_CUT)
        return
    if c.encap.n_vlan < MAX_TAGS:
        c.encap.vlan[c.encap.n_vlan] = be16(p) & 0x0fff
        c.encap.n_vlan += 1
    c.next = be16(p + 2)
    c.pk.ethertype = <u16>c.next
    if c.next < ET_LENGTH:
        c.next = NEXT_LLC


cdef void llc(Cursor* c) noexcept nogil:
    """IEEE 802.2 LLC, with SNAP (RFC 1042) followed to its EtherType."""
    cdef const u8* p = c.p
    cdef u32 oui
    layer(c, LAYER_LLC)
    if captured(c) >= 2 and p[0] == 0xFF and p[1] == 0xFF:      # raw Novell IPX
        link_protocol(c, 0x8137)
        return
    if captured(c) < 3:
        reject(c, REJECT_LINK_CUT)
        return
    if p[0] == 0xAA and p[1] == 0xAA:
        if captured(c) < 8:
            reject(c, REJECT_LINK_CUT)
            return
        oui = be32(p + 2) & 0xffffff
        advance(c, 8)
        c.next = be16(p + 6)
        if oui == 0x0080C2:                                      # bridged: 1 and 7 carry Ethernet
            c.next = NEXT_ETH if c.next in (1, 7) else 0
        if oui == 0x00000C and c.next == 0x2000:
            link_final(c, PROTO_CDP, LAYER_CDP)
        elif oui == 0x00000C and c.next == 0x010B:
            link_final(c, PROTO_STP, LAYER_STP)
        elif oui != 0 and oui != 0x0000F8 and oui != 0x0080C2:
            link_protocol(c, c.next)
        elif c.next < ET_LENGTH:
            link_protocol(c, c.next)
    elif p[0] == 0x42 and p[1] == 0x42:
        advance(c, 3)
        link_final(c, PROTO_STP, LAYER_STP)
    elif p[0] == 0x06 and p[1] == 0x06:
        advance(c, 3)
        c.next = NEXT_IP
    elif p[0] == 0xFE and p[1] == 0xFE and captured(c) >= 4 and p[3] in (0xCC, 0x8E):    # ISO network: RFC 2684 routed
        advance(c, 4)
        c.next = NEXT_IP
    else:
        link_protocol(c, p[0])


cdef void ppp(Cursor* c) noexcept nogil:
    """PPP (RFC 1661): optional address and control, a protocol of one or two bytes."""
    cdef const u8* p = c.p
    cdef u32 protocol
    layer(c, LAYER_PPP)
    if captured(c) >= 2 and ((p[0] == 0xFF and p[1] == 0x03) or (p[0] == 0x0F and p[1] == 0x00)):
        advance(c, 2)
        if p[0] == 0x0F and captured(c) >= 2:                    # Cisco HDLC under a PPP link type
            c.next = be16(c.p)
            advance(c, 2)
            return
    p = c.p
    if captured(c) >= 1 and p[0] & 1:                            # protocol field compression, section 6.5
        protocol = p[0]
        advance(c, 1)
    elif advance(c, 2):
        protocol = be16(p)
    else:
        reject(c, REJECT_LINK_CUT)
        return
    if protocol == 0x0021 or protocol == 0x0057:
        c.next = NEXT_IP
    elif protocol == 0x0281 or protocol == 0x0283:
        c.next = ET_MPLS
    elif protocol == 0x0031:                                     # bridging (RFC 3518): flags, MAC type 1 = 802.3
        c.next = NEXT_ETH
        if captured(c) < 2 or c.p[1] != 1 or not advance(c, 2):
            link_protocol(c, protocol)
    else:
        link_protocol(c, protocol)


cdef void pppoe(Cursor* c) noexcept nogil:
    """PPPoE (RFC 2516): version/type, code, session, length. Discovery ends here."""
    cdef const u8* p = c.p
    cdef bint discovery = c.next == ET_PPPOE_DISCOVERY
    cdef u32 n
    layer(c, LAYER_PPPOE)
    if not advance(c, 6):
        reject(c, REJECT_LINK_CUT)
        return
    if discovery or p[1] != 0:
        link_protocol(c, ET_PPPOE_DISCOVERY)
        return
    c.encap.pppoe = be16(p + 2)
    n = be16(p + 4)
    if n < captured(c):
        c.end = c.p + n
    c.next = NEXT_PPP


cdef void mpls(Cursor* c) noexcept nogil:
    """MPLS label stack (RFC 3032); below it IP by its version, or Ethernet, perhaps with a control word (RFC 4448)."""
    cdef u32 entry = 0
    layer(c, LAYER_MPLS)
    while not entry & 0x100:
        if captured(c) < 4:
            reject(c, REJECT_LINK_CUT)
            return
        entry = be32(c.p)
        advance(c, 4)
        if c.encap.n_mpls < MAX_TAGS:
            c.encap.mpls[c.encap.n_mpls] = entry >> 12
            c.encap.n_mpls += 1
    if captured(c) < 1:
        reject(c, REJECT_LINK_CUT)
    elif c.p[0] >> 4 == 4 or c.p[0] >> 4 == 6:
        c.next = NEXT_IP
    elif captured(c) >= 4 and c.p[0] >> 4 == 0 and entry >> 12 != 0:
        layer(c, LAYER_PWETH)
        advance(c, 4)
        c.next = NEXT_ETH
    else:
        c.next = NEXT_ETH


cdef void link_protocol(Cursor* c, u32 kind) noexcept nogil:
    """What is carried is not IP or ARP: name it, as a flow between two MAC addresses, and stop."""
    if kind == ET_LLDP:
        link_final(c, PROTO_LLDP, LAYER_LLDP)
    elif kind == ET_EAPOL:
        link_final(c, PROTO_EAPOL, LAYER_EAPOL)
    elif kind == ET_SLOW and captured(c) >= 1 and c.p[0] == 1:
        link_final(c, PROTO_LACP, LAYER_LACP)
    else:
        c.pk.sub = <u16>kind
        link_final(c, PROTO_L2, LAYER_NONE)


cdef void link_final(Cursor* c, u16 proto, u8 name) noexcept nogil:
    if name != LAYER_NONE:
        layer(c, name)
    c.pk.proto = proto
    c.pk.payload = c.p
    c.pk.payload_len = captured(c)
    c.pk.wire_payload = c.wire if c.wire > c.pk.payload_len else c.pk.payload_len
    c.next = NEXT_DONE
