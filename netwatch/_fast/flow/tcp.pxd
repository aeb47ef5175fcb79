"""The TCP side of a flow: state, round trips, loss and order, watched from the middle."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.flow.row cimport Row, Cold, TcpRow
from netwatch._fast.wire.packet cimport Packet

cdef bint tcp_begins_anew(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil
cdef void tcp_update(Row* row, Cold* cold, TcpRow* t, Packet* pk) noexcept nogil


cdef inline void smooth(u32* srtt, u32 sample) noexcept nogil:
    """RFC 6298 section 2: the smoothed round trip moves by an eighth of the difference."""
    if srtt[0] == 0:
        srtt[0] = sample if sample else 1
    else:
        srtt[0] = <u32>((<u64>srtt[0] * 7 + sample) // 8)
        if srtt[0] == 0:
            srtt[0] = 1
