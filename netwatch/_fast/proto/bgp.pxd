"""BGP-4; see bgp.pyx."""
from netwatch._fast.seam cimport Proto

cdef void bgp_define(Proto* p) noexcept nogil
