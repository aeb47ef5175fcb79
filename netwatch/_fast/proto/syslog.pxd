"""syslog; see syslog.pyx."""
from netwatch._fast.seam cimport Proto

cdef void syslog_define(Proto* p) noexcept nogil
