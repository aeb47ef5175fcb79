"""Contiguous bytes of one side of a flow, shown to whoever reads it: from TCP, or out of its encryption."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport Row, Cold, Conn
from netwatch._fast.look.protocol cimport Dpi

cdef enum:
    STREAM_BUFFER = 262144        # bytes of one side a parser may leave unused

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
