"""SIP; see sip.pyx."""
from netwatch._fast.seam cimport Proto

cdef void sip_define(Proto* p) noexcept nogil
