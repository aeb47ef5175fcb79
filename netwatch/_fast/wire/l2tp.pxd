"""L2TP over UDP and over IP."""
from netwatch._fast.wire.cursor cimport Cursor

cdef bint l2tp(Cursor* c) noexcept nogil
cdef bint l2tp_in_ip(Cursor* c) noexcept nogil
