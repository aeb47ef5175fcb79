"""SSDP; see ssdp.pyx."""
from netwatch._fast.seam cimport Proto

cdef void ssdp_define(Proto* p) noexcept nogil
