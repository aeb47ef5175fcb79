"""XMPP; see xmpp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void xmpp_define(Proto* p) noexcept nogil
