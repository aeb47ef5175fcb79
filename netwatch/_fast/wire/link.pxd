"""Link layers that may follow one another."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.wire.cursor cimport Cursor

cdef void link_step(Cursor* c) noexcept nogil
cdef bint link_knows(u32 kind) noexcept nogil
