"""DNP3; see dnp3.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void dnp3_define(Proto* p) noexcept nogil
