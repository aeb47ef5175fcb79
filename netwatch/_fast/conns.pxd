"""Conns: what is kept of a flow while its content is read."""
from netwatch._fast.flow cimport Conn
from netwatch._fast.seam cimport Dpi

cdef Conn* conn_new(Dpi* dpi) noexcept nogil                # zeroed; NULL when there is no memory
cdef void conn_free(Dpi* dpi, Conn* conn) noexcept nogil    # its protocol's own state is already gone
cdef void spares_free(Dpi* dpi) noexcept nogil
