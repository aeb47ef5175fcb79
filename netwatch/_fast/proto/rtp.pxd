"""RTP over UDP."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    RTP_SSRC = 1               # 4 bytes each
    RTP_TYPE = 2               # payload type, 1 byte each
    RTP_CSRC = 3               # 4 bytes each

cdef u32 rtp_head(const u8* p, u32 n) noexcept nogil
cdef void rtp_define(Proto* p) noexcept nogil
