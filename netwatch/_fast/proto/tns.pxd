"""Oracle TNS; see tns.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void tns_define(Proto* p) noexcept nogil
