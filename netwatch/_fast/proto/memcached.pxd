"""memcached; see memcached.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void memcached_define(Proto* p) noexcept nogil
