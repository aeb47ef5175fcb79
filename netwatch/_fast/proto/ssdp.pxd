"""SSDP; see ssdp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void ssdp_define(Proto* p) noexcept nogil
