"""TDS; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void tds_define(Proto* p) noexcept nogil
