"""Telnet; see telnet.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void telnet_define(Proto* p) noexcept nogil
