"""Buffers that become twice as large when they are full."""
from libc.stdlib cimport realloc

from netwatch._fast.base.bytes cimport u8, u32, u64


cdef inline bint grown(u8** mem, u32* cap, u64 wanted, u32 first) noexcept nogil:
    """Room for so many bytes, `first` of them at first; False, and nothing is changed, without memory. Bounds are the
    caller's."""
    cdef u64 room = cap[0] if cap[0] else first
    cdef void* found
    if wanted <= cap[0]:
        return True
    while room < wanted:
        room *= 2
    found = realloc(mem[0], room)
    if found == NULL:
        return False
    mem[0] = <u8*>found
    cap[0] = <u32>room
    return True
