"""Link layers that may follow one another."""
from netwatch._fast.wire.cursor cimport Cursor

cdef void link_step(Cursor* c) noexcept nogil
