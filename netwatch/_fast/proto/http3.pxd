"""HTTP/3, known only to who holds the keys."""
from netwatch._fast.look.protocol cimport Proto

cdef void http3_define(Proto* p) noexcept nogil
