"""Link layers that may follow one another: Ethernet, LLC/SNAP, PPP, PPPoE, MPLS; what switches add is in tags.pyx.

`link_step` follows one of them, by a table of EtherTypes, and leaves in the cursor what comes next, until that is a
network protocol. What a frame begins with is in linktypes.pyx.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, be16, be32
from netwatch._fast.wire.packet cimport (MAX_TAGS, PROTO_LLDP, PROTO_CDP, PROTO_LACP, PROTO_STP,
                                         PROTO_EAPOL, PROTO_L2)
from netwatch._fast.wire.names cimport (LAYER_CDP, LAYER_EAPOL, LAYER_LACP, LAYER_LLC, LAYER_LLDP,
                                        LAYER_MPLS, LAYER_PPP, LAYER_PPPOE, LAYER_PWETH, LAYER_STP, REJECT_LINK_CUT)
from netwatch._fast.wire.cursor cimport (Cursor, NEXT_AMSDU, NEXT_COUNT, NEXT_ETH, NEXT_IP, NEXT_LINK, NEXT_LLC,
                                         NEXT_MPLS, NEXT_PPP, NEXT_WLAN, NEXT_WLAN_SWAPPED, advance, captured, layer,
                                         reject, stands_alone)
from netwatch._fast.wire.evidence cimport is_ethernet, is_ip, is_summed_ip
from netwatch._fast.wire.linktypes cimport link_open
from netwatch._fast.wire.tags cimport (e_tag, fabric_path, group_tag, macsec, provider_bridge, redundancy_tag,
                                       service_header, trill, vlan, vn_tag)
from netwatch._fast.wire.wlan cimport amsdu_step, wlan_step

cdef enum:                      # EtherTypes, IEEE 802 numbers
    ET_MPLS = 0x8847
    ET_PPPOE_DISCOVERY = 0x8863
    ET_EAPOL = 0x888E
    ET_LLDP = 0x88CC
    ET_SLOW = 0x8809
    ET_CDP = 0x2000             # Cisco's, in SNAP, HDLC and GRE
    STEPS = 24
    GAL = 13                    # Generic Associated Channel Label, RFC 5586 section 4
    CHANNELS = 0x0100           # types of associated channels given away are below it (IANA)
    EXPERIMENTAL = 0x7ff8       # ... and those up to 0x7fff are for experiments

ctypedef void (*Step)(Cursor*) noexcept nogil

cdef Step STEP[STEPS]           # 0 is for what no header of ours has
cdef u8 STEP_OF[NEXT_COUNT]     # by Cursor.next


cdef int _follow(int number, Step step, kinds) except -1:
    """`step` reads what these values of Cursor.next announce."""
    STEP[number] = step
    for kind in kinds:
        STEP_OF[<u32>kind] = <u8>number
    return 0


_follow(0, other_protocol, ())
_follow(1, ethernet, (NEXT_ETH, 0x6558, 0x6400))           # Transparent Ethernet Bridging, and what Ubiquiti calls it
_follow(2, vlan, (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300))
_follow(3, llc, (NEXT_LLC, *range(ET_LENGTH)))
_follow(4, ppp, (NEXT_PPP, 0x880B))
_follow(5, pppoe, (0x8864, ET_PPPOE_DISCOVERY))
_follow(6, mpls, (ET_MPLS, 0x8848, NEXT_MPLS))
_follow(7, provider_bridge, (0x88E7,))
_follow(8, link_open, (NEXT_LINK,))
_follow(9, wlan_step, (NEXT_WLAN, NEXT_WLAN_SWAPPED))
_follow(10, amsdu_step, (NEXT_AMSDU,))
_follow(11, group_tag, (0x8909,))
_follow(12, vn_tag, (0x8926,))
_follow(13, e_tag, (0x893F,))
_follow(14, fabric_path, (0x8903,))
_follow(15, macsec, (0x88E5,))
_follow(16, service_header, (0x894F,))
_follow(17, trill, (0x22F3,))
_follow(18, redundancy_tag, (0x892F,))


cdef void link_step(Cursor* c) noexcept nogil:
    """Follow one header below the network layer; leaves c.next at an EtherType of the network layer when done."""
    STEP[STEP_OF[c.next] if c.next < NEXT_COUNT else 0](c)


cdef bint link_knows(u32 kind) noexcept nogil:
    """Is the EtherType one whose header is followed, or IP, or ARP, or what routers tell each other?"""
    return ET_LENGTH <= kind <= 0xffff and (STEP_OF[kind] != 0 or kind in (0x0800, 0x86DD, 0x0806, ET_CDP, ET_LLDP))


cdef void other_protocol(Cursor* c) noexcept nogil:
    link_protocol(c, c.next)


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
        if oui == 0x00000C and c.next == 0x010B:
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
    if n > c.wire:                                               # pppoe_rcv of Linux drops it
        reject(c, REJECT_LINK_CUT)
        return
    c.wire = n
    if n < captured(c):
        c.end = c.p + n
    c.next = NEXT_PPP


cdef void mpls(Cursor* c) noexcept nogil:
    """MPLS label stack (RFC 3032), and what is below it, which no field names."""
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
        c.encap.n_mpls += c.encap.n_mpls < 255
    if captured(c) < 1:
        reject(c, REJECT_LINK_CUT)
        return
    below_labels(c, entry >> 12)


cdef void below_labels(Cursor* c, u32 label) noexcept nogil:
    """IP by its version, Ethernet, perhaps behind a control word (RFC 4448 section 4.6), or an associated channel,
    below a stack whose last label this is. What a sum proves is IP, even where a trailer makes it look like a frame."""
    cdef u8 first = c.p[0] >> 4
    cdef bint frame = is_ethernet(c.p, captured(c), c.wire, False)
    if (first == 4 or first == 6) and (not frame or is_ip(c.p, captured(c), c.wire, True)
                                       or is_summed_ip(c.p, captured(c), c.wire, False)):
        c.next = NEXT_IP
    elif first == 1 and (label == GAL or (not frame and is_channel(c))):
        stands_alone(c, PROTO_L2, <u16>ET_MPLS)
    elif label != 0 and has_control_word(c, frame):
        layer(c, LAYER_PWETH)
        advance(c, 4)
        c.next = NEXT_ETH
    else:
        c.next = NEXT_ETH


cdef bint is_channel(const Cursor* c) noexcept nogil:
    """An associated channel header (RFC 4385 section 5, RFC 5586 section 2.1): version and reserved bits are 0, and the
    type is of those that IANA has given away, or experimental. A MAC address may begin with 1 as well."""
    cdef u32 kind
    if captured(c) < 4 or c.p[0] != 0x10 or c.p[1] != 0:
        return False
    kind = be16(c.p + 2)
    return kind < CHANNELS or EXPERIMENTAL <= kind < 0x8000


cdef bint has_control_word(const Cursor* c, bint frame) noexcept nogil:
    """Does Ethernet begin four bytes on? Where neither place shows a frame that is known, the reserved bits of a
    control word say it, which are 0. `frame`: there is one here."""
    if captured(c) < 4 or c.p[0] >> 4:
        return False
    return (is_ethernet(c.p + 4, captured(c) - 4, c.wire - 4, False)
            or (not frame and c.p[0] == 0 and c.p[1] == 0))


cdef void link_protocol(Cursor* c, u32 kind) noexcept nogil:
    """What is carried is not IP or ARP: name it, as a flow between two MAC addresses, and stop."""
    if kind == ET_LLDP:
        link_final(c, PROTO_LLDP, LAYER_LLDP)
    elif kind == ET_CDP:
        link_final(c, PROTO_CDP, LAYER_CDP)
    elif kind == ET_EAPOL:
        link_final(c, PROTO_EAPOL, LAYER_EAPOL)
    elif kind == ET_SLOW and captured(c) >= 1 and c.p[0] == 1:
        link_final(c, PROTO_LACP, LAYER_LACP)
    else:
        stands_alone(c, PROTO_L2, <u16>kind)


cdef void link_final(Cursor* c, u16 proto, u8 name) noexcept nogil:
    layer(c, name)
    stands_alone(c, proto, 0)
