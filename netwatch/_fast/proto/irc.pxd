"""IRC; see irc.pyx."""
from netwatch._fast.seam cimport Proto

cdef void irc_define(Proto* p) noexcept nogil
