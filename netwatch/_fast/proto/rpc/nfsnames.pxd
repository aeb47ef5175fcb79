"""What calls of NFS name; see nfsnames.pyx."""
from netwatch._fast.base.bytes cimport u32, Reader
from netwatch._fast.look.protocol cimport Look

cdef enum:                     # fact keys, beside those of wire.pyx
    RPC_PROCEDURE = 2          # program, version, procedure (or OPERATION and that of a COMPOUND): 4, 1, 2 bytes
    RPC_FILE = 9

cdef enum:
    NFS = 100003
    OPERATION = 0x100
    MAX_NAMES = 16

cdef void keep_procedure(Look* look, u32 program, u32 version, u32 procedure) noexcept nogil
cdef void nfs_names(Look* look, u32 version, u32 procedure, Reader* r) noexcept nogil
