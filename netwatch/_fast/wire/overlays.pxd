"""Tunnels over UDP: is it one, and what does it carry."""
from netwatch._fast.wire.cursor cimport Cursor

cdef bint udp_tunnel(Cursor* c) noexcept nogil
