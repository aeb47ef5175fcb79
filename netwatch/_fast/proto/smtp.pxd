"""SMTP; see smtp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void smtp_define(Proto* p) noexcept nogil
