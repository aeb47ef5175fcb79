"""Open addressing: a place is found by the upper half of the hash, which stands in it, so that the table grows without
looking at a key."""
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u32, u64

cdef enum:
    FEWEST = 1024          # keys there is room for at first
    GROWTH = 4


cdef bint keys_open(Keys* k, u32 width, u32 most) noexcept nogil:
    memset(k, 0, sizeof(Keys))
    k.width, k.most = width, most
    return keys_grow(k)


cdef void keys_close(Keys* k) noexcept nogil:
    free(k.words)
    free(k.places)
    memset(k, 0, sizeof(Keys))


cdef bint keys_grow(Keys* k) noexcept nogil:
    cdef u32 cap = k.cap * GROWTH if k.cap else FEWEST
    cdef u64 at, i, mask = 2 * <u64>cap - 1
    cdef u64* places = <u64*>calloc(mask + 1, sizeof(u64))
    cdef u64* words = <u64*>realloc(k.words, (<u64>cap + 1) * k.width * sizeof(u64))
    if words != NULL:
        k.words = words
    if words == NULL or places == NULL:
        free(places)
        return False
    for i in range(k.mask + 1 if k.places != NULL else 0):
        if k.places[i]:
            at = k.places[i] >> 32 & mask
            while places[at]:
                at = (at + 1) & mask
            places[at] = k.places[i]
    free(k.places)
    k.places, k.mask, k.cap = places, mask, cap
    return True


cdef u64 look(const Keys* k, const u64* key, u64 hash) noexcept nogil:
    """The place of a key, or the free one for it."""
    cdef u64 at = hash >> 32 & k.mask
    while k.places[at] and (k.places[at] >> 32 != hash >> 32 or
                            memcmp(key_of(k, <u32>k.places[at]), key, k.width * sizeof(u64)) != 0):
        at = (at + 1) & k.mask
    return at


cdef u32 keys_find(const Keys* k, const u64* key, u64 hash) noexcept nogil:
    return <u32>k.places[look(k, key, hash)]


cdef u32 keys_add(Keys* k, const u64* key, u64 hash) noexcept nogil:
    cdef u64 at = look(k, key, hash)
    if k.places[at]:
        return <u32>k.places[at]
    if k.n >= k.most:
        return NO_ROOM
    if k.n == k.cap:
        if not keys_grow(k):
            return NO_MEMORY
        at = look(k, key, hash)
    k.n += 1
    memcpy(&k.words[<u64>k.n * k.width], key, k.width * sizeof(u64))
    k.places[at] = hash >> 32 << 32 | k.n
    return k.n
