"""Keys of a few 64-bit words, as numbers from 1 on. Whoever asks brings the hash: it says where to look and no more,
what decides is the whole key. Bounded; when there is no room, that is said."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.base.mix cimport mix, mix_on

cdef extern from *:
    """
    #define NW_NO_MEMORY 0xFFFFFFFFu
    """
    const u32 NO_MEMORY "NW_NO_MEMORY"

cdef enum:
    NO_ROOM = 0

cdef struct Keys:
    u64* words             # those of key n from n * width on
    u64* places            # upper half of the hash << 32 | number of the key; 0 free
    u64 mask
    u32 width              # words of a key
    u32 n                  # keys, numbered from 1 on
    u32 cap
    u32 most

cdef inline bint keys_full(const Keys* k, u32 n) noexcept nogil:
    """Would n more make it grow?"""
    return k.n + n > k.cap and k.cap < k.most

cdef bint keys_open(Keys* k, u32 width, u32 most) noexcept nogil     # False: no memory
cdef void keys_close(Keys* k) noexcept nogil
cdef bint keys_grow(Keys* k) noexcept nogil                          # room for more. False: no memory
cdef u32 keys_find(const Keys* k, const u64* key, u64 hash) noexcept nogil   # 0: not there
cdef u32 keys_add(Keys* k, const u64* key, u64 hash) noexcept nogil          # found or kept; NO_ROOM, NO_MEMORY

cdef inline u64 keys_hash(const u64* key, u32 width) noexcept nogil:
    cdef u64 hash = mix(key[0], width)
    cdef u32 i
    for i in range(1, width, 2):
        hash = mix_on(hash, key[i], key[i + 1] if i + 1 < width else 0)
    return hash

cdef inline const u64* keys_place(const Keys* k, u64 hash) noexcept nogil:
    """Where it begins to look, for the cache."""
    return &k.places[hash >> 32 & k.mask]

cdef inline const u64* key_of(const Keys* k, u32 number) noexcept nogil:
    return &k.words[<u64>number * k.width]
