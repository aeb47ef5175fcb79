"""SOCKS; see socks.pyx."""
from netwatch._fast.seam cimport Proto

cdef void socks_define(Proto* p) noexcept nogil
