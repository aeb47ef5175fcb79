"""Tunnels over UDP and over IP: is it one, and what does it carry."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.wire.cursor cimport Cursor

cdef void push_tunnel(Cursor* c, u8 kind, unsigned int number) noexcept nogil
cdef bint udp_tunnel(Cursor* c) noexcept nogil
cdef bint gre(Cursor* c) noexcept nogil
