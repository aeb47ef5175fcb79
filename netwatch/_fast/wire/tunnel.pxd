"""Noting that what follows is inside a tunnel."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.wire.cursor cimport Cursor

cdef void push_tunnel(Cursor* c, u8 kind) noexcept nogil
cdef void push_marked(Cursor* c, u8 kind, u32 number, u32 mark) noexcept nogil
cdef void push_directed(Cursor* c, u8 kind, u32 number, u32 mark) noexcept nogil
