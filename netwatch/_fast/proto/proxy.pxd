"""proxy; see proxy.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void proxy_define(Proto* p) noexcept nogil
