"""NetFlow and IPFIX; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void netflow_define(Proto* p) noexcept nogil
cdef void ipfix_define(Proto* p) noexcept nogil
