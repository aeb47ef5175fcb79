"""The header that each LINKTYPE begins a frame with."""
from netwatch._fast.wire.cursor cimport Cursor

cdef void link_open(Cursor* c) noexcept nogil
