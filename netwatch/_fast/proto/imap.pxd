"""IMAP; see imap.pyx."""
from netwatch._fast.seam cimport Proto

cdef void imap_define(Proto* p) noexcept nogil
