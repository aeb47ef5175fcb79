"""ARP."""
from netwatch._fast.wire.cursor cimport Cursor

cdef void arp(Cursor* c) noexcept nogil
