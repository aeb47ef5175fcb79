"""The state of each TCP connection that its row does not hold: an unanswered request, a shut window, what is sent again
and again. By the number of its TcpRow, grown as connections come."""
from libc.stdlib cimport realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u32, u64

cdef enum:
    FIRST = 1024


cdef Pulse* pulse_of(Pulses* pulses, u32 number, u64 key) noexcept nogil:
    """That of the connection, fresh where another had the number before."""
    cdef u32 cap = pulses.cap if pulses.cap else <u32>FIRST
    cdef void* grown
    cdef Pulse* one
    if number >= pulses.cap:
        while cap <= number:
            cap *= 2
        if cap > PULSES:
            pulses.unwatched += 1
            return NULL
        grown = realloc(pulses.mem, cap * sizeof(Pulse))
        if grown == NULL:
            pulses.unwatched += 1
            return NULL
        pulses.mem = <Pulse*>grown
        memset(pulses.mem + pulses.cap, 0, (cap - pulses.cap) * sizeof(Pulse))
        pulses.cap = cap
    one = pulses.mem + number
    if one.key != key:
        memset(one, 0, sizeof(Pulse))
        one.key = key
    return one
