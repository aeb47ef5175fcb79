"""Link layers that may follow one another."""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, be16
from netwatch._fast.wire.cursor cimport Cursor, NEXT_LLC, advance, captured, layer, reject
from netwatch._fast.wire.names cimport LAYER_ETH, REJECT_LINK_CUT
from netwatch._fast.wire.packet cimport FAMILY_MAC

cdef enum:
    ET_LENGTH = 1536           # below it an EtherType is a length

cdef void link_step(Cursor* c) noexcept nogil
cdef bint link_knows(u32 kind) noexcept nogil


cdef inline void mac_ends(Cursor* c, const u8* src, const u8* dst) noexcept nogil:
    memcpy(c.pk.src, src, 6)
    memcpy(c.pk.dst, dst, 6)
    c.pk.family = FAMILY_MAC


cdef inline void ethernet(Cursor* c) noexcept nogil:
    """Ethernet, whose EtherType or length says what comes next."""
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
        if kind < c.wire:                       # 802.3: what follows the length is padding
            c.wire = kind
        if kind < captured(c):
            c.end = c.p + kind
        c.next = NEXT_LLC
    else:
        c.next = kind
