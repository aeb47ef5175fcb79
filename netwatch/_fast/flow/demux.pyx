"""Which of several flows with the same ends a packet belongs to: the same addresses and ports are used by strangers on
two links, in two tunnels, under two labels (wire/encap.pyx has what may differ: the marks).

A flow has the marks of either direction as its packets showed them. A direction with other marks than before is another
flow, unless the packet is a copy of one just seen, or continues the same TCP connection (a path changed), or its
stations are the same at another place (they roam between access points, or between ports of a switch). The first
packet of a direction that was silent joins the flow that it answers: for TCP the one whose sequence numbers it
acknowledges, else the one on the same marks, else the one whose marks others were answered with, else the oldest.
Link-local addresses belong to one link (RFC 4007): there only a copy may come by another interface.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, i32
from netwatch._fast.flow.copies cimport copies_find
from netwatch._fast.flow.row cimport Cold, Row
from netwatch._fast.wire.encap cimport KIN_MOVED, KIN_NOT, KIN_SAME, path_kin, path_link, path_partner
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_IP6, PROTO_TCP, Packet, TCP_ACK, TCP_SYN)

cdef enum:
    NEAR = 1048576             # sequence numbers this close are of one connection
    NOT_KIN = 0
    OTHERWISE_PAIRED = 1       # how well a packet fits, rising
    OLDEST = 2
    CONTINUES = 3
    SAME_MARKS = 4
    PAIRED = 5
    ANSWERS = 6
    ANSWERS_ON_SAME_MARKS = 7
    COPY = 8


cdef u32 strangers_choose(const Strangers* t, const Packet* pk) noexcept nogil:
    """The row that fits best, 0 for none; of equals the one that began first."""
    cdef u32 i, number, best = 0
    cdef int fit, most = NOT_KIN
    for i in range(t.n):
        number = t.met[i]
        fit = kinship(t, number, pk)
        if fit > most or (fit == most and fit != NOT_KIN and t.colds[number].key < t.colds[best].key):
            most = fit
            best = number
    return best


cdef inline bint is_link_local(const u8* p, u8 family) noexcept nogil:
    if family == FAMILY_IP4:
        return p[0] == 169 and p[1] == 254
    return family == FAMILY_IP6 and p[0] == 0xFE and p[1] & 0xC0 == 0x80


cdef int kinship(const Strangers* t, u32 number, const Packet* pk) noexcept nogil:
    cdef const Row* row = &t.rows[number]
    cdef const Cold* cold = &t.colds[number]
    cdef int s = pk.side
    cdef u16 path = cold.back if s else row.path
    cdef int kin = path_kin(t.paths, path, pk.path)
    cdef bint same = kin == KIN_SAME
    if not same:
        if copies_find(t.echoes, number, pk, True):
            return COPY
        if kin == KIN_NOT and is_link_local(row.a, row.family) \
                and path_link(t.paths, path) != path_link(t.paths, pk.path):
            return NOT_KIN
    if row.proto == PROTO_TCP and row.packets[s] == 0 and pk.flags & TCP_ACK and answers(row, pk):
        return ANSWERS_ON_SAME_MARKS if same else ANSWERS
    if same:
        return SAME_MARKS
    if kin == KIN_MOVED:
        return CONTINUES
    if row.packets[s] == 0:
        return NOT_KIN if row.proto == PROTO_TCP else pairing(t, path, pk.path)
    return CONTINUES if row.proto == PROTO_TCP and continues(row, pk) else NOT_KIN


cdef int pairing(const Strangers* t, u16 path, u16 answer) noexcept nogil:
    """Were flows on this path answered on that one before?"""
    cdef u16 known = path_partner(t.paths, path)
    if known:
        return PAIRED if known == answer else OTHERWISE_PAIRED
    return OTHERWISE_PAIRED if path_partner(t.paths, answer) else OLDEST


cdef bint continues(const Row* row, const Packet* pk) noexcept nogil:
    """Does the segment stand where its side goes on? One that begins a connection does not. What brings no bytes must
    acknowledge such as the other side sent."""
    cdef i32 ahead = <i32>(pk.seq - row.nxt[pk.side])
    if pk.flags & TCP_SYN or not 0 <= ahead < NEAR:
        return False
    if not pk.flags & TCP_ACK:
        return pk.wire_payload != 0
    return answers(row, pk) and (pk.wire_payload != 0 or row.packets[1 - pk.side] != 0)


cdef bint answers(const Row* row, const Packet* pk) noexcept nogil:
    """Is what the segment acknowledges near what the other side has sent?"""
    cdef int o = 1 - pk.side
    cdef i32 ahead = <i32>(pk.ack - row.nxt[o])
    if row.packets[o] == 0:
        return True
    if pk.flags & TCP_SYN:
        return ahead == 0 or (-NEAR < ahead < 0 and row.packets[o] > 1)
    return -NEAR < ahead < NEAR
