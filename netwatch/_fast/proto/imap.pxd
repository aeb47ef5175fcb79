"""IMAP; see imap.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void imap_define(Proto* p) noexcept nogil
