"""Bytes of a stream that came before their turn."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.flow.row cimport Half, Segment
from netwatch._fast.look.protocol cimport Dpi

cdef bint segments_keep(Dpi* dpi, Half* half, const Segment* like, const u8* p) noexcept nogil
cdef Segment* segments_take(Dpi* dpi, Half* half) noexcept nogil
cdef void segments_cut(Dpi* dpi, Half* half, u32 n) noexcept nogil
