"""What protocol files call: facts and events, see flow/content.pyx."""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u32, Slice


cdef void store_add(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    cdef u8* at = fact_room(look.dpi, look.cold, look.proto, key, n)
    if at != NULL and n:
        memcpy(at, p, n)
    touch(look.dpi, look.row)


cdef void store_once(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    cdef Slice old
    if not facts_find(look.cold.facts, look.proto, key, &old):
        store_add(look, key, p, n)


cdef void store_set(Look* look, u8 key, const u8* p, u32 n) noexcept nogil:
    cdef Slice old
    if facts_find(look.cold.facts, look.proto, key, &old) and old.n == n:
        memcpy(<u8*>old.p, p, n)
        touch(look.dpi, look.row)
    else:
        store_add(look, key, p, n)


cdef u8* event(Look* look, int kind, u32 extra, u32 n) noexcept nogil:
    return ring_put(look.dpi, look.row, kind, look.proto, look.side | (look.inner << 1), look.ts, look.frame, extra, n)


cdef void sealed(Look* look, const u8* p, u32 n, u32 extra) noexcept nogil:
    cdef u8* room = event(look, EV_SEALED, extra, n)
    if room != NULL and n:
        memcpy(room, p, n)
