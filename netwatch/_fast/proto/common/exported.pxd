"""Packets of those who tell of others' traffic, handed to who reads what is in them (netwatch/collect)."""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.flow.exports cimport EV_EXPORT
from netwatch._fast.look.protocol cimport Look, event, wants
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6

cdef enum:
    SENDER = 17                # bytes of an event before the packet


cdef inline void hand_on(Look* look, const u8* p, u32 n) noexcept nogil:
    """The packet, with the address of who sent it."""
    cdef u8 size = 4 if look.row.family == FAMILY_IP4 else 16 if look.row.family == FAMILY_IP6 else 0
    cdef u8* room
    if not size or not wants(look, EV_EXPORT):
        return
    room = event(look, EV_EXPORT, 0, SENDER + n)
    if room != NULL:
        memset(room, 0, SENDER)
        room[0] = size
        memcpy(room + 1, &look.row.b[0] if look.side else &look.row.a[0], size)
        memcpy(room + SENDER, p, n)
