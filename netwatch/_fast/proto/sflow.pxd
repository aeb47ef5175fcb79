"""sFlow; see sflow.pyx."""
from netwatch._fast.seam cimport Proto

cdef void sflow_define(Proto* p) noexcept nogil
