"""Who began a flow, and its state where it is not TCP."""
from netwatch._fast.flow.row cimport Row, TcpRow
from netwatch._fast.wire.packet cimport Packet, PROTO_ICMP, PROTO_ICMP6


cdef inline bint is_echo_flow(const Row* row) noexcept nogil:
    """ICMP echo with an identifier: its round trips are kept in a TcpRow. Other ICMP keeps type and code there."""
    return (row.proto == PROTO_ICMP or row.proto == PROTO_ICMP6) and row.pa != 0

cdef void guess_initiator(Row* row, const Packet* pk) noexcept nogil
cdef void other_state(Row* row, const Packet* pk) noexcept nogil
cdef void part_state(Row* row) noexcept nogil
cdef void time_echo(TcpRow* t, const Packet* pk) noexcept nogil
