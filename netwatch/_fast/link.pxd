"""Link layers: from the first byte of a frame to its network protocol."""
from netwatch._fast.parse cimport Cursor

cdef void link_open(Cursor* c) noexcept nogil
cdef void link_step(Cursor* c) noexcept nogil
