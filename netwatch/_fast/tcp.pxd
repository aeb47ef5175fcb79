"""The TCP side of a flow: state, round trips, loss and order, watched from the middle."""
from netwatch._fast.flow cimport Row, Cold, TcpRow
from netwatch._fast.packet cimport Packet

cdef bint tcp_begins_anew(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil
cdef void tcp_update(Row* row, Cold* cold, TcpRow* t, Packet* pk) noexcept nogil
