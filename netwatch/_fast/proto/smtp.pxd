"""SMTP; see smtp.pyx."""
from netwatch._fast.seam cimport Proto

cdef void smtp_define(Proto* p) noexcept nogil
