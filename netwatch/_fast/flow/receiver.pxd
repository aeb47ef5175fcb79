"""What of a TCP stream its receiver drops."""
from netwatch._fast.base.bytes cimport u16
from netwatch._fast.flow.row cimport Row, TcpRow
from netwatch._fast.wire.packet cimport Packet

cdef bint in_window(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil
cdef u16 receiver_drops(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil
cdef bint sum_is_wrong(TcpRow* t, const Packet* pk) noexcept nogil
