"""BGP-4; see bgp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void bgp_define(Proto* p) noexcept nogil
