"""POP3; see pop3.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void pop3_define(Proto* p) noexcept nogil
