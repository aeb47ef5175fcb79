"""QUIC over UDP. The fact keys are those of tlshello.pxd and quicwire.pxd."""
from netwatch._fast.flow.row cimport Conn
from netwatch._fast.look.protocol cimport Proto

cdef void quic_define(Proto* p) noexcept nogil
cdef bint quic_join(Conn* conn) noexcept nogil
