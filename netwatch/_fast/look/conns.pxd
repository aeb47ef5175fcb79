"""Conns: what is kept of a flow while its content is read."""
from netwatch._fast.flow.row cimport Conn
from netwatch._fast.look.protocol cimport Dpi

cdef enum:                        # what may be held while flows are read
    STREAMS_IN_ALL = 268435456    # bytes, all flows of an engine
    STREAMS_CALM = 16777216       # above this nothing waits for what is missing before it

cdef Conn* conn_new(Dpi* dpi) noexcept nogil                # zeroed; NULL when there is no memory
cdef void conn_free(Dpi* dpi, Conn* conn) noexcept nogil    # its protocol's own state is already gone
cdef void spares_free(Dpi* dpi) noexcept nogil
