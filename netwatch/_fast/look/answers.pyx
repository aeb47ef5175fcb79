"""How long an answer waits."""
from netwatch._fast.base.bytes cimport u32, i32
from netwatch._fast.flow.row cimport HELD_BACK, HELD_IN_VAIN, HELD_NO_MORE, Half
from netwatch._fast.look.conns cimport STREAMS_CALM
from netwatch._fast.look.protocol cimport TRAIT_AT_ONCE
from netwatch._fast.look.reading cimport Feed
from netwatch._fast.look.registry cimport proto_at


cdef bint waits(const Feed* f, int s, u32 ack) noexcept nogil:
    """Has the side heard what the capture does not have, and may show yet? Of a FIN that is known nothing is read."""
    cdef const Half* half = &f.conn.half[s]
    cdef const Half* other = &f.conn.half[1 - s]
    cdef i32 missing = <i32>(ack - other.next)
    if missing <= 0 or not other.open or not f.row.packets[1 - s] or other.held == HELD_BACK or half.dead:
        return False
    if f.conn.proto and proto_at(f.conn.proto).traits & TRAIT_AT_ONCE:
        return False
    if half.held == HELD_NO_MORE or (half.held == HELD_IN_VAIN and <i32>(ack - half.heard) <= 0):
        return False
    return not (missing == 1 and other.has_fin and other.fin == other.next) and f.dpi.stream_bytes < STREAMS_CALM
