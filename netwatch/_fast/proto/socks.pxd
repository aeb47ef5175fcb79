"""SOCKS; see socks.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void socks_define(Proto* p) noexcept nogil
