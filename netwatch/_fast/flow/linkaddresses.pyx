"""Where addresses live, read from ARP (RFC 826) and neighbour discovery (RFC 4861): sightings for the room of names.

Only what a station says of itself is told: the sender of an ARP packet, the source link-layer address of a solicitation
or router advertisement, the target of a neighbour advertisement. Whether it is true is not known here.
"""
from netwatch._fast.base.bytes cimport u8, u32, be16
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport Packet, FAMILY_IP4, FAMILY_IP6, PROTO_ARP, PROTO_ICMP6
from netwatch._fast.flow.content cimport Dpi
from netwatch._fast.flow.sighting cimport BY_ARP, BY_NDP, ROLE_HOST, ROLE_ROUTER, tell_link

cdef enum:
    ARP_HEAD = 8
    MAC_BYTES = 6
    ROUTER_SOLICITATION = 133  # RFC 4861 section 4, ICMPv6 types
    ROUTER_ADVERTISEMENT = 134
    NEIGHBOUR_SOLICITATION = 135
    NEIGHBOUR_ADVERTISEMENT = 136
    OPTION_SOURCE = 1          # section 4.6.1
    OPTION_TARGET = 2
    HOPS = 255                 # section 6.1, 7.1: anything less came through a router


cdef const u8* option(const Packet* pk, u32 at, u8 kind) noexcept nogil:
    """The MAC of the first option of the kind, options from `at`; NULL when there is none."""
    cdef const u8* p = pk.payload
    cdef u32 size
    while at + 8 <= pk.payload_len:
        size = <u32>p[at + 1] * 8
        if size == 0 or at + size > pk.payload_len:
            return NULL
        if p[at] == kind and size == 8:
            return p + at + 2
        at += size
    return NULL


cdef void arp_seen(Dpi* dpi, const Row* row, const Packet* pk) noexcept nogil:
    """payload: the whole ARP packet."""
    cdef const u8* p = pk.payload
    if pk.payload_len < ARP_HEAD + 2 * MAC_BYTES + 8 or p[4] != MAC_BYTES or not 1 <= be16(p + 6) <= 2:
        return
    tell_link(dpi, row, pk.frame.ts, pk.frame.n, BY_ARP, ROLE_HOST, FAMILY_IP4, pk.src, p + ARP_HEAD, NULL, 0)


cdef void ndp_seen(Dpi* dpi, const Row* row, const Packet* pk) noexcept nogil:
    """payload: the ICMPv6 message. A router advertisement of lifetime 0 is no default router's (section 4.2)."""
    cdef const u8* p = pk.payload
    cdef const u8* mac = NULL
    cdef const u8* who = pk.src
    cdef u8 role = ROLE_HOST
    if pk.ttl != HOPS or pk.icmp_code != 0:
        return
    if pk.icmp_type == ROUTER_SOLICITATION:
        mac = option(pk, 8, OPTION_SOURCE)
    elif pk.icmp_type == ROUTER_ADVERTISEMENT and pk.payload_len >= 16:
        mac = option(pk, 16, OPTION_SOURCE)
        role = ROLE_ROUTER if be16(p + 6) else ROLE_HOST
    elif pk.icmp_type == NEIGHBOUR_SOLICITATION:
        mac = option(pk, 24, OPTION_SOURCE)
    elif pk.icmp_type == NEIGHBOUR_ADVERTISEMENT and pk.payload_len >= 24:
        mac = option(pk, 24, OPTION_TARGET)
        who = p + 8
    if mac != NULL or role == ROLE_ROUTER:
        tell_link(dpi, row, pk.frame.ts, pk.frame.n, BY_NDP, role, FAMILY_IP6, who, mac, NULL, 0)


cdef void link_seen(Dpi* dpi, const Row* row, const Packet* pk) noexcept nogil:
    """Tell what the packet says of addresses and MACs."""
    if pk.proto == PROTO_ARP:
        arp_seen(dpi, row, pk)
    elif pk.proto == PROTO_ICMP6:
        ndp_seen(dpi, row, pk)
