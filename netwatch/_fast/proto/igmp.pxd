"""IGMP and MLD; see igmp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void igmp_define(Proto* p) noexcept nogil
cdef void mld_define(Proto* p) noexcept nogil
