"""Whether a TCP flow that nobody reads yet is worth the memory of being read."""
from netwatch._fast.base.bytes cimport u8, u32, Slice
from netwatch._fast.flow.row cimport Cold, Row, TcpRow
from netwatch._fast.wire.packet cimport Packet
from netwatch._fast.look.protocol cimport Dpi

cdef enum:
    JOINED_TRIES = 256            # frames of a side joined in the middle that are looked at
    KEPT_UNKNOWN = 4096           # bytes of a side that nobody knows, kept until the other side has spoken
    KEPT_CALM = 8388608           # above this they are not kept
    LATE_FRAMES = 16              # of a flow within which TLS may follow what nobody knows

cdef bint worth_reading(Dpi* dpi, Row* row, Cold* cold, const TcpRow* t, const Packet* pk, u32 seq,
                        u8* found) noexcept nogil
cdef bint late_hello(const Row* row, Slice data) noexcept nogil
cdef bint is_text(const u8* p, u32 n) noexcept nogil
cdef u32 line_ends(const u8* p, u32 n) noexcept nogil
