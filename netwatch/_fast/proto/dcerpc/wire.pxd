"""DCE/RPC; see dcerpc.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void dcerpc_define(Proto* p) noexcept nogil
