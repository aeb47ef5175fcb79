"""SMB over TCP."""
from netwatch._fast.look.protocol cimport Proto
from netwatch._fast.proto.smb.facts cimport *

cdef void smb_define(Proto* p) noexcept nogil
