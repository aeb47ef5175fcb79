"""Which transports have ports."""
from netwatch._fast.base.bytes cimport u16
from netwatch._fast.wire.packet cimport PROTO_SCTP, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE


cdef inline bint has_ports(u16 proto) noexcept nogil:
    return proto == PROTO_TCP or proto == PROTO_UDP or proto == PROTO_UDPLITE or proto == PROTO_SCTP
