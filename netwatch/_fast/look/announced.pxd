"""Flows that another flow told of before they began: FTP's data connections, the media of SIP and RTSP."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.flow.content cimport Dpi
from netwatch._fast.flow.row cimport Cold, Row
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.wire.packet cimport Packet

cdef enum:
    ANNOUNCED_BY = 250     # fact key of every protocol: the flow that told of this one, a ToldEnds

cdef struct ToldEnds:      # value of ANNOUNCED_BY
    u8 a[16]               # the control flow's initiator
    u8 b[16]
    u16 pa
    u16 pb
    u8 family

cdef void announce(Look* look, const char* app, u16 on, const u8* address, u16 port, u8 key, Slice text) noexcept nogil
cdef void tell_owner(Look* look, u32 row, u64 key) noexcept nogil
cdef void announced_flow(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil
cdef void announced_datagram(Dpi* dpi, Row* row, Cold* cold, const Packet* pk) noexcept nogil
cdef void announced_free(Dpi* dpi) noexcept nogil
