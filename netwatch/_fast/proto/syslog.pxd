"""syslog; see syslog.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void syslog_define(Proto* p) noexcept nogil
