"""sFlow; see sflow.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void sflow_define(Proto* p) noexcept nogil
