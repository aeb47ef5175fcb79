"""What of a TCP stream its receiver drops."""
from netwatch._fast.base.bytes cimport u16, u32
from netwatch._fast.flow.row cimport Row, TcpRow
from netwatch._fast.wire.packet cimport Packet, TCP_FIN, TCP_RST, TCP_SYN

cdef enum:
    ANY_FLIGHT = 1 << 26       # bytes that are hardly ever on their way, or missed, at once
    ANY_WINDOW = 1 << 30       # RFC 7323 section 2.3: no window is larger

cdef bint in_window(const Row* row, const TcpRow* t, const Packet* pk) noexcept nogil
cdef u16 receiver_drops(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil
cdef bint sum_is_wrong(TcpRow* t, const Packet* pk) noexcept nogil


cdef inline bint near(u32 a, u32 b) noexcept nogil:
    """Are two sequence numbers such as may be met at the same time?"""
    return a - b + ANY_FLIGHT <= 2 * <u32>ANY_FLIGHT


cdef inline bint is_summed(const Row* row, const Packet* pk) noexcept nogil:
    """Is the segment worth the time that its sum takes: does it move the state, or will its bytes be read?"""
    if pk.flags & (TCP_SYN | TCP_FIN | TCP_RST):
        return True
    return pk.payload_len != 0 and row.conn != NULL and row.conn.half[pk.side].skip < pk.payload_len
