"""What a message says of the names of addresses, told to Python's room of names."""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.flow.content cimport EV_NAMES
from netwatch._fast.flow.sighting cimport ADDRESS_BYTES, NAMES_HEAD, Named
from netwatch._fast.look.protocol cimport Look, event
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6


cdef inline bint names_wanted(const Look* look) noexcept nogil:
    return (look.dpi.want >> EV_NAMES) & 1


cdef inline void tell_names(Look* look, u8 via, bint answered, const Named* named, const u8* text,
                            u32 n) noexcept nogil:
    """The name has these addresses; `answered`: whoever this message is for had asked."""
    cdef u32 size = <u32>named.n * ADDRESS_BYTES
    cdef u8* room
    if named.n == 0 or n == 0 or n > 255:
        return
    room = event(look, EV_NAMES, 0, NAMES_HEAD + size + n)
    if room == NULL:
        return
    memset(room, 0, NAMES_HEAD)
    room[0] = via
    room[1] = named.n
    if answered and (look.row.family == FAMILY_IP4 or look.row.family == FAMILY_IP6):
        room[2] = answered
        room[3] = look.row.family
        memcpy(room + 4, &look.row.a[0] if look.side else &look.row.b[0], 16)
    memcpy(room + NAMES_HEAD, named.addresses, size)
    memcpy(room + NAMES_HEAD + size, text, n)
