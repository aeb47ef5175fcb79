"""The user plane of GTP over UDP."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.wire.cursor cimport Cursor

cdef u32 gtpu_header(const Cursor* c) noexcept nogil
cdef bint gtpu(Cursor* c) noexcept nogil
cdef bint gtp0(Cursor* c) noexcept nogil
