"""Redis; see redis.pyx."""
from netwatch._fast.seam cimport Proto

cdef void redis_define(Proto* p) noexcept nogil
