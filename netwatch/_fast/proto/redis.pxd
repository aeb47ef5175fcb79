"""Redis; see redis.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void redis_define(Proto* p) noexcept nogil
