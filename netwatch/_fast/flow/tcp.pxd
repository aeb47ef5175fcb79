"""The TCP side of a flow: state, round trips, loss and order, watched from the middle."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport Row, Cold, Conn, TcpRow
from netwatch._fast.wire.packet cimport Packet, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN
from netwatch._fast.wire.packetrow cimport BASE_RECEIVER, BASE_SENDER, PacketRow

cdef enum:
    ANEW_NOT = 0
    ANEW = 1
    ANEW_PERHAPS = 2           # the other side will show it

cdef int tcp_begins_anew(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil
cdef void tcp_update(Row* row, Cold* cold, TcpRow* t, Packet* pk) noexcept nogil


cdef inline void smooth(u32* srtt, u32 sample) noexcept nogil:
    """RFC 6298 section 2: the smoothed round trip moves by an eighth of the difference."""
    if srtt[0] == 0:
        srtt[0] = sample if sample else 1
    else:
        srtt[0] = <u32>((<u64>srtt[0] * 7 + sample) // 8)
        if srtt[0] == 0:
            srtt[0] = 1


cdef inline void row_bases(PacketRow* row, const TcpRow* t, int side) noexcept nogil:
    """The sequence numbers that the sides of a TCP connection began with, where something of them has been seen."""
    if t.flags[side] or t.flags[1 - side] & TCP_ACK:
        row.based |= BASE_SENDER
        row.base_sender = t.isn[side]
    if t.flags[1 - side] or t.flags[side] & TCP_ACK:
        row.based |= BASE_RECEIVER
        row.base_receiver = t.isn[1 - side]


cdef inline bint only_refused(u8 flags, u8 other) noexcept nogil:
    """Have all segments of a side, whose flags these are, refused the other's SYN, which has said nothing else?"""
    return flags & TCP_RST and not flags & ~(TCP_RST | TCP_ACK) and other & (TCP_SYN | TCP_ACK) == TCP_SYN


cdef inline bint tells_streams(const Conn* conn, const Packet* pk) noexcept nogil:
    """Does a segment without payload matter to the streams? Most only acknowledge, and nothing waits for that."""
    return (pk.flags & (TCP_SYN | TCP_FIN | TCP_RST) != 0 or not conn.half[pk.side].open
            or conn.half[0].early != NULL or conn.half[1].early != NULL)
