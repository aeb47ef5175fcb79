"""RDP over UDP; see rdpudp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void rdpudp_define(Proto* p) noexcept nogil
