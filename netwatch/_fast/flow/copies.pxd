"""Packets that were captured more than once: by a bridge and its port, by a mirror port, on both legs of a router."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.wire.packet cimport Packet

cdef enum:
    ECHOES = 2048              # flows whose newest packets are remembered; few enough to stay in a cache
    ECHO_PACKETS = 7

cdef struct Sighting:
    u32 print_                 # of what a copy shares with its original
    u32 when                   # µs * 256 + hop count

cdef struct Echo:              # one cache line
    u32 row
    u32 next
    Sighting seen[ECHO_PACKETS]

cdef bint copies_find(const Echo* echoes, u32 row, const Packet* pk, bint elsewhere) noexcept nogil
cdef void copies_note(Echo* echoes, u32 row, const Packet* pk) noexcept nogil
