"""TCP reassembly: segments in, contiguous bytes out, to the flow's reader and to whoever follows streams."""
from netwatch._fast.bytes cimport u32, u64
from netwatch._fast.flow cimport Row, Cold, TcpRow
from netwatch._fast.packet cimport Packet
from netwatch._fast.seam cimport Dpi

cdef enum:
    EARLY_BYTES = 1048576         # bytes of one side that wait for what is before them
    EARLY_SEGMENTS = 1024
    STREAMS_CALM = 16777216       # above this nothing waits for what is missing before it
    HOLE_PATIENCE = 32            # frames of the flow after a hole was acknowledged until it counts as lost
    FAR_AHEAD = 67108864          # a segment further ahead than this is not of this stream

cdef void stream_segment(Dpi* dpi, Row* row, Cold* cold, const TcpRow* t, const Packet* pk) noexcept nogil
cdef void stream_end(Dpi* dpi, Row* row, Cold* cold, u64 ts, u64 frame) noexcept nogil
