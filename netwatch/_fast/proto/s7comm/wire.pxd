"""S7 communication; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void s7comm_define(Proto* p) noexcept nogil
