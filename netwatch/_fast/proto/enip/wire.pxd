"""EtherNet/IP; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void enip_define(Proto* p) noexcept nogil
