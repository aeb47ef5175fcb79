"""DCE/RPC; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void dcerpc_define(Proto* p) noexcept nogil
