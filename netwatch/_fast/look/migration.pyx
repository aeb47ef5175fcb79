"""Flows that bear a mark which another flow was given: further paths of a connection that changed its addresses.

QUIC's connections outlive the address and the port of the client (RFC 9000 section 9): what it sends on another path
bears the connection ID that the server gave it. So a server's end and the ID are kept, MARKS_MOST of them in groups by
their hash, the oldest of a group making room, and a flow that begins with both is a path of that connection.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u8, u16, u64
from netwatch._fast.base.mix cimport load64, mix
from netwatch._fast.flow.content cimport Dpi, Mark
from netwatch._fast.look.announced cimport tell_owner
from netwatch._fast.look.protocol cimport Look

cdef enum:
    GROUPS = 1024
    IN_GROUP = 4
    MARKS_MOST = 4096          # GROUPS * IN_GROUP


cdef Mark* group_of(Look* look, const u8* address, u16 port, const u8* text) noexcept nogil:
    cdef u64 hash = mix(load64(address) ^ load64(text), load64(address + 8) ^ <u64>port)
    return &look.dpi.marks[hash % GROUPS * IN_GROUP]


cdef bint same(const Mark* m, const u8* address, u16 port, const u8* text) noexcept nogil:
    return m.ts and m.port == port and memcmp(m.text, text, MARK_BYTES) == 0 and memcmp(m.address, address, 16) == 0


cdef void mark(Look* look, const u8* text) noexcept nogil:
    """The side that speaks will be sent these MARK_BYTES bytes, from wherever the other side may be."""
    cdef const u8* address = &look.row.b[0] if look.side else &look.row.a[0]
    cdef u16 port = look.row.pb if look.side else look.row.pa
    cdef Mark* group
    cdef Mark* oldest
    cdef int i
    if look.dpi.marks == NULL:
        look.dpi.marks = <Mark*>calloc(MARKS_MOST, sizeof(Mark))
        if look.dpi.marks == NULL:
            return
    group = oldest = group_of(look, address, port, text)
    for i in range(IN_GROUP):
        if same(&group[i], address, port, text):
            return
        if group[i].ts < oldest.ts:
            oldest = &group[i]
    memcpy(oldest.text, text, MARK_BYTES)
    memcpy(oldest.address, address, 16)
    oldest.port = port
    oldest.ts = look.ts if look.ts else 1
    oldest.owner = look.cold.key
    oldest.owner_row = <unsigned int>(look.row - look.dpi.rows)


cdef Mark* find(Look* look, const u8* text) noexcept nogil:
    cdef const u8* address = &look.row.a[0] if look.side else &look.row.b[0]
    cdef u16 port = look.row.pa if look.side else look.row.pb
    cdef Mark* group
    cdef int i
    if look.dpi.marks == NULL:
        return NULL
    group = group_of(look, address, port, text)
    for i in range(IN_GROUP):
        if same(&group[i], address, port, text) and group[i].owner != look.cold.key:
            return &group[i]
    return NULL


cdef bint marked(Look* look, const u8* text) noexcept nogil:
    """Was the side that is spoken to given these MARK_BYTES bytes, in another flow?"""
    return find(look, text) != NULL


cdef void bear_mark(Look* look, const u8* text) noexcept nogil:
    """Store, as a fact of this flow, which flow that was."""
    cdef const Mark* m = find(look, text)
    if m != NULL:
        tell_owner(look, m.owner_row, m.owner)


cdef void marks_free(Dpi* dpi) noexcept nogil:
    free(dpi.marks)
    dpi.marks = NULL
