"""Who is asked about a datagram of a flow that nobody knows.

Everybody is about the first ones, and about some now and then; about any other only who calls the responder's port its
own: all others would be asked so often that chance finds what looks like theirs.
"""
from netwatch._fast.base.bytes cimport u16, Slice
from netwatch._fast.flow.row cimport BIT_INITIATOR_B, BIT_SEEN, BIT_TRIED_A, Row
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.look.registry cimport best, best_owner, own_port
from netwatch._fast.wire.packet cimport PROTO_UDP

cdef enum:
    OWN_PORT_TRIES = 4096      # datagrams of a flow to a port that is some protocol's own, every one up to here


cdef inline bint asks_all(const Row* row) noexcept nogil:
    return not row.bits & BIT_TRIED_A or (row.packets[0] + row.packets[1]) & (UDP_TURN - 1) < UDP_TRIES


cdef inline u16 served(const Row* row) noexcept nogil:
    """The port that is the responder's and some protocol's own, 0 none. Where it was not seen who that is, the lower
    port may be the responder's too: a higher one is the kind that clients draw."""
    cdef bint b = row.bits & BIT_INITIATOR_B != 0
    cdef u16 to = row.pa if b else row.pb, back = row.pb if b else row.pa
    if row.proto != PROTO_UDP or row.packets[0] + row.packets[1] >= OWN_PORT_TRIES:
        return 0
    if own_port(to):
        return to
    return back if back < to and not row.bits & BIT_SEEN and own_port(back) else <u16>0


cdef bint is_asked(const Row* row) noexcept nogil:
    """Is anybody asked about this datagram?"""
    return asks_all(row) or served(row) != 0


cdef int asked(Look* look, Slice data) noexcept nogil:
    """Whose the datagram is, 0 nobody's."""
    cdef bint more
    cdef u16 port
    if asks_all(look.row):
        return best(look, data, carried_by(look.row), &more)
    port = served(look.row)
    return best_owner(look, data, carried_by(look.row), port) if port else 0
