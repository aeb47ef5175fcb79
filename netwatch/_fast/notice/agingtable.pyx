"""A hash table that forgets by age alone, never by hash: what it holds is the same in every process."""
from libc.stdlib cimport calloc, free, malloc, realloc
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
    in their order, and counted anew. Where that is how they stand, they stay: what is large is not copied then, and
    takes memory only as it is used. New entries hold anything."""
    cdef Places grown
    cdef bint stay = oldest[0] == 0 and p.made <= p.cap
    cdef size_t bytes = (2 * <size_t>p.cap + 1) * size
    cdef u8* room
    cdef u64 i
    cdef u32 number
    if not places_open(&grown, 2 * p.cap):
        places_close(&grown)
        return False
    room = <u8*>(realloc(entries[0], bytes) if stay else malloc(bytes))
    if room == NULL:
        places_close(&grown)
        return False
    for i in range(oldest[0], p.made):
        number = places_add(&grown, p.chain[(i & (p.cap - 1)) + 1].hash)
        if not stay:
            memcpy(room + number * size, <u8*>entries[0] + ((i & (p.cap - 1)) + 1) * size, size)
    places_close(p)
    if not stay:
        free(entries[0])
    p[0], entries[0], oldest[0] = grown, room, 0
    return True
