"""Who began a flow, and its state where it is not TCP."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.flow.row cimport Row, TcpRow
from netwatch._fast.wire.packet cimport Packet

cdef void guess_initiator(Row* row, const Packet* pk) noexcept nogil
cdef void other_state(Row* row, const Packet* pk) noexcept nogil
cdef void part_state(Row* row) noexcept nogil
cdef void time_echo(TcpRow* t, const Packet* pk) noexcept nogil
cdef bint is_read(const Packet* pk) noexcept nogil
cdef u8 how_ended(const Row* row, const TcpRow* t, u8 why) noexcept nogil
