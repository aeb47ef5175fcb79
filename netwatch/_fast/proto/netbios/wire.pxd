"""NetBIOS over TCP/UDP: name, datagram and session service."""
from netwatch._fast.look.protocol cimport Proto
from netwatch._fast.proto.netbios.facts cimport *

cdef void netbios_define(Proto* p) noexcept nogil
