"""Is a datagram QUIC?"""
from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.look.protocol cimport Look

cdef int quic_detect(Look* look, Slice data) noexcept nogil
