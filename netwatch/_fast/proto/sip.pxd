"""SIP; see sip.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void sip_define(Proto* p) noexcept nogil
