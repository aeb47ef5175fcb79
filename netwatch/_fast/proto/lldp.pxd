"""LLDP and CDP; see lldp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void lldp_define(Proto* p) noexcept nogil
cdef void cdp_define(Proto* p) noexcept nogil
