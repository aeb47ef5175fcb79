"""Packets that were captured more than once: by a bridge and its port, by a mirror port, on both legs of a router."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.wire.packet cimport Packet

cdef enum:
    ECHOES = 2048              # places where newest packets are remembered; few enough to stay in a cache
    ECHO_PACKETS = 7

cdef struct Sighting:
    u32 print_                 # of what a copy shares with its original, its flow among it
    u32 when                   # µs * 256 + hop count

cdef struct Echo:              # one cache line, of all flows whose keys hash to it
    u64 next
    Sighting seen[ECHO_PACKETS]

cdef inline Echo* echo_of(Echo* echoes, const Packet* pk) noexcept nogil:
    return &echoes[(pk.hash >> 32) & (ECHOES - 1)]

cdef bint copies_find(Echo* echoes, u32 row, const Packet* pk, bint elsewhere) noexcept nogil
cdef void copies_note(Echo* echoes, u32 row, const Packet* pk) noexcept nogil
