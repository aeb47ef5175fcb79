"""BACnet/IP; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void bacnet_define(Proto* p) noexcept nogil
