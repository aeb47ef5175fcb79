"""XMPP; see xmpp.pyx."""
from netwatch._fast.seam cimport Proto

cdef void xmpp_define(Proto* p) noexcept nogil
