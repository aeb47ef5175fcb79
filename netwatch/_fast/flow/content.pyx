"""Facts (what was learnt of a flow) and events (what happened), both bounded.

Facts are a list of (protocol, key, length, bytes) in one small allocation per flow. Events go to one ring per engine,
which Python empties after every chunk of frames; what a chunk can cause fits in it many times over.
"""
from libc.stdlib cimport realloc, free
from libc.string cimport memmove

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.flow.row cimport Cold, Facts

cdef enum:
    FACTS_OF_FLOW = 8192          # bytes a flow may hold
    FOR_MORE = 512                # of them for what says that there is more


cdef u8* fact_room(Dpi* dpi, Cold* cold, int proto, u8 key, u32 n) noexcept nogil:
    """Room for a value of n bytes at the end of the flow's facts, or NULL when a bound is reached."""
    cdef Facts* facts = cold.facts
    cdef u32 used = facts.used if facts != NULL else 0
    cdef u32 held = facts.cap if facts != NULL else 0
    cdef u32 want = used + FACT_HEAD + n, cap
    cdef void* grown
    cdef u32 most = FACTS_OF_FLOW if key == FACT_MORE else FACTS_OF_FLOW - FOR_MORE
    if n > 0xffff or want > most or dpi.facts_bytes + n > FACTS_IN_ALL:
        dpi.facts_lost += 1
        return NULL
    if want > held:
        cap = want if want > 96 else 96
        if cap < held + held // 2:
            cap = held + held // 2
        grown = realloc(facts, sizeof(Facts) + cap)
        if grown == NULL:
            dpi.facts_lost += 1
            return NULL
        dpi.facts_bytes += cap - held
        facts = <Facts*>grown
        if held == 0:
            facts.heard = 0
        facts.cap = cap
        facts.used = used
        cold.facts = facts
    cdef u8* at = <u8*>facts + sizeof(Facts) + used
    at[0] = <u8>proto
    at[1] = key
    at[2] = <u8>(n & 0xff)
    at[3] = <u8>(n >> 8)
    facts.used = want
    if dpi.heard != NULL:
        facts.heard |= dpi.heard[<u32>proto << 8 | key]
    return at + FACT_HEAD


cdef bint facts_find(const Facts* facts, int proto, int key, Slice* out) noexcept nogil:
    cdef const u8* at
    cdef const u8* end
    cdef u32 n
    if facts == NULL:
        return False
    at = <const u8*>facts + sizeof(Facts)
    end = at + facts.used
    while at < end:
        n = at[2] | (<u32>at[3] << 8)
        if at[0] == proto and at[1] == key:
            out.p = at + FACT_HEAD
            out.n = n
            return True
        at += FACT_HEAD + n
    return False


cdef bint facts_of(const Facts* facts, int proto) noexcept nogil:
    cdef const u8* at
    cdef const u8* end
    if facts == NULL:
        return False
    at = <const u8*>facts + sizeof(Facts)
    end = at + facts.used
    while at < end:
        if at[0] and (at[0] == proto or proto == 0):
            return True
        at += FACT_HEAD + (at[2] | (<u32>at[3] << 8))
    return False


cdef void facts_forget(Dpi* dpi, Cold* cold, int proto, int key) noexcept nogil:
    cdef u8* base
    cdef u32 at = 0, kept = 0, n
    if cold.facts == &NOTHING and key == 0:
        cold.facts = NULL
    if cold.facts == NULL or cold.facts == &NOTHING:
        return
    base = <u8*>cold.facts + sizeof(Facts)
    while at < cold.facts.used:
        n = FACT_HEAD + (base[at + 2] | (<u32>base[at + 3] << 8))
        if base[at] != proto or (key and base[at + 1] != key):
            memmove(base + kept, base + at, n)
            kept += n
        at += n
    cold.facts.used = kept
    if kept == 0:
        facts_free(dpi, cold)


cdef void facts_free(Dpi* dpi, Cold* cold) noexcept nogil:
    if cold.facts == &NOTHING:
        cold.facts = NULL
    if cold.facts != NULL:
        dpi.facts_bytes -= cold.facts.cap
        free(cold.facts)
        cold.facts = NULL


cdef u8* ring_put(Dpi* dpi, const Row* row, int kind, int proto, int side, u64 ts, u64 frame,
                  u32 extra, u32 n) noexcept nogil:
    """Room for an event's n bytes; NULL, and counted, when the ring is at its bound."""
    cdef Ring* ring = &dpi.ring
    cdef u64 want = ring.used + sizeof(Event) + ((n + 7) & ~<u32>7), cap
    cdef void* grown
    cdef Event* ev
    if want > RING_BYTES:
        ring.lost += 1
        return NULL
    if want > ring.cap:
        cap = want * 2 if want > 65536 else 131072
        grown = realloc(ring.mem, cap)
        if grown == NULL:
            ring.lost += 1
            return NULL
        ring.mem = <u8*>grown
        ring.cap = cap
    ev = <Event*>(ring.mem + ring.used)
    ev.size = n
    ev.kind = <u16>kind
    ev.proto = <u8>proto
    ev.side = <u8>side
    ev.ts = ts
    ev.frame = frame
    ev.row = <u32>(row - dpi.rows) if row != NULL else 0
    ev.key = dpi.colds[ev.row].key
    ev.extra = extra
    ring.used = want
    return <u8*>ev + sizeof(Event)


def facts_list(bytes packed) -> list[tuple[int, int, bytes]]:
    """(protocol, key, value) of each entry of a flow's packed facts."""
    out = []
    at = 0
    while at + FACT_HEAD <= len(packed):
        n = packed[at + 2] | packed[at + 3] << 8
        out.append((packed[at], packed[at + 1], packed[at + FACT_HEAD:at + FACT_HEAD + n]))
        at += FACT_HEAD + n
    return out
