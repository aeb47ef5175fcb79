"""GTP-C; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void gtpc_define(Proto* p) noexcept nogil
