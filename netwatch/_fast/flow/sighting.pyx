"""Events that say what goes together: a name and its addresses, an address and its MAC. It keeps nothing.

Who makes them: DNS and its kin, NetBIOS, ARP, NDP, DHCP. Who reads them: netwatch/_fast/out/naming.pyx.
"""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64, be32
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, FAMILY_NONE
from netwatch._fast.flow.content cimport Dpi, EV_LINKS, ring_put
from netwatch._fast.flow.turns cimport TurnList, turn_link

cdef enum:
    MAX_NAME = 255


cdef bint links_wanted(const Dpi* dpi) noexcept nogil:
    return dpi.turns != NULL or (dpi.want >> EV_LINKS) & 1


cdef bint worth_naming(u8 family, const u8* a) noexcept nogil:
    """Not the unspecified address, loopback, multicast or broadcast: block lists answer with such, and they have no
    name of their own."""
    if family == FAMILY_IP4:
        return a[0] != 0 and a[0] != 127 and a[0] < 224
    if family != FAMILY_IP6 or a[0] == 0xff:
        return False
    return be32(a) != 0 or be32(a + 4) != 0 or be32(a + 8) != 0


cdef void name_address(Named* named, u8 family, const u8* address) noexcept nogil:
    """One address more of the name; those beyond the bound are left out."""
    cdef u8* at = &named.addresses[<u32>named.n * ADDRESS_BYTES]
    if named.n >= MAX_ADDRESSES or not worth_naming(family, address):
        return
    memset(at, 0, ADDRESS_BYTES)
    at[0] = family
    memcpy(at + 1, address, 4 if family == FAMILY_IP4 else 16)
    named.n += 1


cdef void tell_link(Dpi* dpi, const Row* row, u64 ts, u64 frame, u8 by, u8 role, u8 family, const u8* address,
                    const u8* mac, const u8* text, u32 n) noexcept nogil:
    """The address lives at the MAC (NULL: not told) and calls itself `text` (n 0: not told)."""
    cdef u8 told[LINK_HEAD]
    cdef u8* room
    cdef u32 number = <u32>(row - dpi.rows)
    if family != FAMILY_NONE and not worth_naming(family, address):
        return
    if mac != NULL and (mac[0] & 1 or be32(mac) == 0):
        return
    memset(told, 0, LINK_HEAD)
    told[0], told[1], told[2], told[3] = by, role, mac != NULL, family
    if family != FAMILY_NONE:
        memcpy(told + 4, address, 4 if family == FAMILY_IP4 else 16)
    if mac != NULL:
        memcpy(told + 20, mac, 6)
    if dpi.turns != NULL:
        turn_link(<TurnList*>dpi.turns, row, &dpi.colds[number], number, ts, frame, told, LINK_HEAD)
    if not (dpi.want >> EV_LINKS) & 1:
        return
    room = ring_put(dpi, row, EV_LINKS, 0, 0, ts, frame, 0, LINK_HEAD + min(n, <u32>MAX_NAME))
    if room == NULL:
        return
    memcpy(room, told, LINK_HEAD)
    if n:
        memcpy(room + LINK_HEAD, text, min(n, <u32>MAX_NAME))
