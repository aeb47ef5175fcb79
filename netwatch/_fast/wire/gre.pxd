"""GRE, and what it carries."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.wire.cursor cimport Cursor

cdef bint gre(Cursor* c, u8 kind) noexcept nogil
