"""memcached; see memcached.pyx."""
from netwatch._fast.seam cimport Proto

cdef void memcached_define(Proto* p) noexcept nogil
