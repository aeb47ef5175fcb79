"""ONC RPC and NFS; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void rpc_define(Proto* p) noexcept nogil
cdef void nfs_define(Proto* p) noexcept nogil
