"""What protocol files call: facts and events, see flow/content.pyx."""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, Slice
from netwatch._fast.flow.content cimport FACT_HEAD, FACT_MORE


cdef enum:
    MORE_HEAD = 4              # of a fact that says that there is more: whose key it speaks of, how many, nothing
    MORE_HASHES = 15           # ... then hashes of the values that are not kept
    MORE_FACTS = 8             # of one key


cdef u32 hash_of(const u8* p, u32 n) noexcept nogil:
    """FNV-1a: the same in every run, as records are."""
    cdef u32 h = 2166136261, i
    for i in range(n):
        h = (h ^ p[i]) * 16777619
    return h


cdef void more_than_kept(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    """Count a value that is not kept, once however often it comes, up to MORE_FACTS * MORE_HASHES different ones."""
    cdef const Facts* facts = look.cold.facts
    cdef u8* at = <u8*>facts + sizeof(Facts)
    cdef u8* end = at + facts.used
    cdef u8* room = NULL
    cdef u32 hashed = hash_of(p, n), found, i, before = 0
    while at < end:
        if at[0] == look.proto and at[1] == FACT_MORE and at[FACT_HEAD] == key:
            before += 1
            for i in range(at[FACT_HEAD + 1]):
                memcpy(&found, at + FACT_HEAD + MORE_HEAD + 4 * i, 4)
                if found == hashed:
                    return
            room = at + FACT_HEAD
        at += FACT_HEAD + (at[2] | (<u32>at[3] << 8))
    if room == NULL or room[1] == MORE_HASHES:
        if before == MORE_FACTS:
            return
        room = fact_room(look.dpi, look.cold, look.proto, FACT_MORE, MORE_HEAD + 4 * MORE_HASHES)
        if room == NULL:
            return
        memset(room, 0, MORE_HEAD + 4 * MORE_HASHES)
        room[0] = key
    memcpy(room + MORE_HEAD + 4 * room[1], &hashed, 4)
    room[1] += 1
    touch(look.dpi, look.row)


cdef bint stored(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    """Was there room?"""
    cdef u8* at = fact_room(look.dpi, look.cold, look.proto, key, n)
    if at != NULL and n:
        memcpy(at, p, n)
    touch(look.dpi, look.row)
    return at != NULL


cdef void store_add(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    if not stored(look, key, p, n) and look.cold.facts != NULL:
        more_than_kept(look, key, p, n)


cdef void store_once(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    cdef Slice old
    if not facts_find(look.cold.facts, look.proto, key, &old):
        stored(look, key, p, n)         # one value alone: there are no more of it


cdef void store_set(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    cdef Slice old
    if facts_find(look.cold.facts, look.proto, key, &old) and old.n == n:
        memcpy(<u8*>old.p, p, n)
        touch(look.dpi, look.row)
    else:
        stored(look, key, p, n)


cdef u8* event(Look* look, int kind, u32 extra, u32 n) noexcept nogil:
    return ring_put(look.dpi, look.row, kind, look.proto, look.side | (look.inner << 1), look.ts, look.frame, extra, n)


cdef void sealed(Look* look, const u8* p, u32 n, u32 extra) noexcept nogil:
    cdef u8* room = event(look, EV_SEALED, extra, n)
    if room != NULL and n:
        memcpy(room, p, n)
