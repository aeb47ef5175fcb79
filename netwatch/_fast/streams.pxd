"""TCP reassembly: segments in, contiguous bytes out, to the flow's reader and to whoever follows streams."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.flow.row cimport Row, Cold, TcpRow
from netwatch._fast.wire.packet cimport Packet
from netwatch._fast.flow.content cimport Dpi

cdef void stream_segment(Dpi* dpi, Row* row, Cold* cold, const TcpRow* t, const Packet* pk) noexcept nogil
cdef void stream_end(Dpi* dpi, Row* row, Cold* cold, u64 ts, u64 frame) noexcept nogil
