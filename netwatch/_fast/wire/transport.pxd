"""Transport headers."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.wire.cursor cimport Cursor

cdef void transport(Cursor* c, u8 proto) noexcept nogil
cdef void transport_ports(Cursor* c, u8 proto) noexcept nogil
