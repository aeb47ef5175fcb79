"""IRC; see irc.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void irc_define(Proto* p) noexcept nogil
