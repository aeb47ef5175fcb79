"""Contiguous bytes of one side of a flow, shown to whoever reads it: from TCP, or out of its encryption."""
from netwatch._fast.bytes cimport u8, u32, u64
from netwatch._fast.flow cimport Row, Cold, Conn, Half, BIT_TRIED_A, BIT_TRIED_B
from netwatch._fast.seam cimport Dpi

cdef enum:
    STREAM_BUFFER = 262144        # bytes of one side a parser may leave unused
    STREAMS_IN_ALL = 268435456    # bytes all flows of an engine may hold

cdef struct Feed:                 # the flow at hand
    Dpi* dpi
    Row* row
    Cold* cold
    Conn* conn                    # NULL once nobody reads
    u64 ts
    u64 frame
    bint follow                   # somebody wants the bytes themselves
    bint inner                    # they came out of the flow's encryption, and the caller owns conn

cdef void feed_bytes(Feed* f, int s, const u8* p, u32 n) noexcept nogil     # the next n bytes of the side
cdef void feed_cut(Feed* f, int s) noexcept nogil        # what follows is beyond the snap length: a feed_gap is next
cdef void feed_gap(Feed* f, int s, u32 n) noexcept nogil                    # n bytes of it will not be seen
cdef void feed_kept(Feed* f, int s) noexcept nogil                          # show once more what was not used

cdef inline u8 tried_bit(int side) noexcept nogil:
    return BIT_TRIED_B if side else BIT_TRIED_A

cdef inline bint closed(const Half* half) noexcept nogil:
    return half.has_fin and half.next == half.fin
