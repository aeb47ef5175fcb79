"""Transport headers."""
from netwatch._fast.bytes cimport u8
from netwatch._fast.parse cimport Cursor

cdef void transport(Cursor* c, u8 proto) noexcept nogil
