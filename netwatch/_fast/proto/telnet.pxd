"""Telnet; see telnet.pyx."""
from netwatch._fast.seam cimport Proto

cdef void telnet_define(Proto* p) noexcept nogil
