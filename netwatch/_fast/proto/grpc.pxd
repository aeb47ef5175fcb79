"""gRPC over HTTP/2."""
from netwatch._fast.look.protocol cimport Proto

cdef void grpc_define(Proto* p) noexcept nogil
