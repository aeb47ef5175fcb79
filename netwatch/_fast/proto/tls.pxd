"""TLS over TCP. The fact keys are those of tlshello.pxd."""
from netwatch._fast.seam cimport Proto

cdef void tls_define(Proto* p) noexcept nogil
