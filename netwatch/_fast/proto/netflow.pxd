"""NetFlow and IPFIX; see netflow.pyx."""
from netwatch._fast.seam cimport Proto

cdef void netflow_define(Proto* p) noexcept nogil
cdef void ipfix_define(Proto* p) noexcept nogil
