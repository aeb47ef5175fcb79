"""What of a TCP stream its receiver drops."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i32, be32
from netwatch._fast.flow.row cimport OFFERED, Row, STAMPED, TcpRow
from netwatch._fast.wire.packet cimport Packet, TCP_FIN, TCP_RST, TCP_SYN

cdef enum:
    LEAST_WINDOW = 65535       # bytes after the newest acknowledgement that are never called outside
    SYNS_SIGNED = 16           # of TcpRow.fins
    SYNS_CUT = 128             # ... of one of them the options were not captured whole
    ANY_FLIGHT = 1 << 26       # bytes that are hardly ever on their way, or missed, at once
    ANY_WINDOW = 1 << 30       # RFC 7323 section 2.3: no window is larger

cdef bint datagram_is_spoilt(Row* row, const Packet* pk) noexcept nogil
cdef bint header_is_wrong(Row* row, TcpRow* t, const Packet* pk) noexcept nogil
cdef bint options_refuse(TcpRow* t, const Packet* pk) noexcept nogil
cdef u16 receiver_drops(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil
cdef void remember_stamp(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil
cdef bint sum_is_wrong(TcpRow* t, const Packet* pk) noexcept nogil


cdef inline bint near(u32 a, u32 b) noexcept nogil:
    """Are two sequence numbers such as may be met at the same time?"""
    return a - b + ANY_FLIGHT <= 2 * <u32>ANY_FLIGHT


cdef inline bint window_offered(const TcpRow* t, int side, u64* out) noexcept nogil:
    """How many bytes the side could take when it was heard last. False where the handshake was not seen, which agrees
    on the scale (RFC 7323 section 2.2), while there is no more than a SYN, whose window has none, and after a reset."""
    if t.shaken & 3 != 3 or t.fins & SYNS_CUT or t.flags[side] & TCP_RST or not t.dup_run[side] & OFFERED:
        return False
    out[0] = <u64>t.window[side] << (t.wscale[side] - 1 if t.wscale[0] and t.wscale[1] else 0)
    return True


cdef inline bint is_summed(const Row* row, const Packet* pk) noexcept nogil:
    """Is the segment worth the time that its sum takes: does it move the state, or will its bytes be read?"""
    if pk.flags & (TCP_SYN | TCP_FIN | TCP_RST):
        return True
    return pk.payload_len != 0 and row.conn != NULL and row.conn.half[pk.side].skip < pk.payload_len


cdef inline bint options_pass(const TcpRow* t, const Packet* pk) noexcept nogil:
    """Has a segment no options, or no more than a timestamp, of a connection that is not signed?"""
    if t.fins & SYNS_SIGNED or pk.head > 32:
        return False
    return pk.head != 32 or be32(pk.payload - 12) == 0x0101080A


cdef inline bint stamps_agreed(const TcpRow* t) noexcept nogil:
    """Had both SYNs a timestamp? Otherwise neither side looks at any (RFC 7323 section 3.2)."""
    return t.dup_run[0] & t.dup_run[1] & STAMPED != 0


cdef inline bint is_timely(const Row* row, TcpRow* t, const Packet* pk) noexcept nogil:
    """Of a segment that options_pass() and that is the next of its side: is its timestamp, if it has one, none that
    was passed before? It is remembered once all before it was acknowledged (RFC 7323 section 4.3)."""
    cdef int s = pk.side
    cdef u32 stamp
    if pk.head != 32 or t.hole[s] != t.hole_end[s] or not stamps_agreed(t):
        return True
    stamp = be32(pk.payload - 8)
    if t.hole_ms[s] and <i32>(stamp - t.hole_ms[s]) < 0:
        return False
    if <i32>(pk.seq - row.acked[1 - s]) <= 0:
        t.hole_ms[s] = stamp
    return True
