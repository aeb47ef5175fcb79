"""A hash table that forgets by age alone, never by hash: what it holds is the same in every process."""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u32, u64


cdef bint places_open(Places* p, u32 cap) noexcept nogil:
    p.cap, p.made = cap, 0
    p.at = <u32*>calloc(BUCKETS * <size_t>cap, sizeof(u32))
    p.chain = <Place*>calloc(cap + 1, sizeof(Place))
    return p.at != NULL and p.chain != NULL


cdef void places_close(Places* p) noexcept nogil:
    free(p.at)
    free(p.chain)


cdef u32 places_add(Places* p, u64 h) noexcept nogil:
    cdef u32 number = <u32>(p.made & (p.cap - 1)) + 1
    cdef Place* one = &p.chain[number]
    cdef u32* first
    if p.made >= p.cap:                         # the oldest of all is the last of its chain
        if one.newer:
            p.chain[one.newer].older = 0
        else:
            p.at[one.hash & (BUCKETS * p.cap - 1)] = 0
    first = &p.at[h & (BUCKETS * p.cap - 1)]
    one.hash, one.older, one.newer = h, first[0], 0
    if first[0]:
        p.chain[first[0]].newer = number
    first[0] = number
    p.made += 1
    return number


cdef bint places_grow(Places* p, void** entries, size_t size, u64* oldest) noexcept nogil:
    """Twice as many, of `size` bytes each, from 1 in `entries`: those from `oldest` (counted as `made` is) on are kept
    in their order, and counted anew."""
    cdef Places grown
    cdef u8* room = <u8*>calloc(2 * <size_t>p.cap + 1, size)
    cdef u64 i
    cdef u32 number
    if room == NULL or not places_open(&grown, 2 * p.cap):
        free(room)
        return False
    for i in range(oldest[0], p.made):
        number = <u32>(i & (p.cap - 1)) + 1
        memcpy(room + places_add(&grown, p.chain[number].hash) * size, <u8*>entries[0] + number * size, size)
    places_close(p)
    free(entries[0])
    p[0], entries[0], oldest[0] = grown, room, 0
    return True
