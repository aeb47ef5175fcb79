"""Who is asked about a datagram of a flow that nobody knows."""
from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.flow.row cimport Row
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.wire.packet cimport PROTO_UDP

cdef enum:
    UDP_TRIES = 8              # datagrams of an unknown flow that are looked at, and again
    UDP_TURN = 64              # ... among so many, a power of two

cdef bint is_asked(const Row* row) noexcept nogil
cdef int asked(Look* look, Slice data) noexcept nogil

cdef enum:                     # bits of ON_*
    BY_TCP = 0
    BY_UDP = 1
    BY_ITSELF = 2

cdef inline int carried_by(const Row* row) noexcept nogil:
    return BY_UDP if row.proto == PROTO_UDP else BY_ITSELF
