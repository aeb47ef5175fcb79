"""HTTP/2; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void http2_define(Proto* p) noexcept nogil
