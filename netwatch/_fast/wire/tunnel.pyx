"""Noting that what follows is inside a tunnel between the packet's present ends, and whose tunnel it is."""
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.wire.packet cimport MAX_TUNNELS, Tunnel
from netwatch._fast.wire.cursor cimport Cursor


cdef void push_tunnel(Cursor* c, u8 kind) noexcept nogil:
    """A tunnel without a number of its own."""
    push_marked(c, kind, 0, 0)


cdef void push_marked(Cursor* c, u8 kind, u32 number, u32 mark) noexcept nogil:
    """A tunnel with a number, and what of it names a network."""
    cdef Tunnel* t
    if c.encap.n_tunnel >= MAX_TUNNELS:
        return
    t = &c.encap.tunnel[c.encap.n_tunnel]
    t.kind = kind
    t.family = c.pk.family
    t.id = number
    t.mark = mark
    memcpy(t.src, c.pk.src, 16)
    memcpy(t.dst, c.pk.dst, 16)
    c.encap.n_tunnel += 1


cdef void push_directed(Cursor* c, u8 kind, u32 number, u32 mark) noexcept nogil:
    """A tunnel whose mark is its receiver's own (TEID, session): the same one the other way is another tunnel."""
    cdef u32 turned = 0
    if memcmp(c.pk.src, c.pk.dst, 16) > 0:
        turned = 0x80000001
    push_marked(c, kind, number, mark ^ turned if mark else 0)
