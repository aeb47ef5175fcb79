"""Small helps of the protocol files: distinct facts, requests waiting for answers, and hints kept before a verdict."""
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Slice
from netwatch._fast.flow.row cimport SUM_BITS, Facts, Row
from netwatch._fast.look.protocol cimport Look, fact_add, fact_number, more_than_kept

cdef enum:
    ENTRY_HEAD = 4             # protocol, key, 2 bytes of length before each fact, seam.pyx
    TEXT_MOST = 255            # bytes kept of a text
    WAITING = 8                # requests remembered at once

cdef struct Waiting:           # requests whose answers have not been seen
    u64 key[WAITING]
    u64 ts[WAITING]            # 0 free
    u8 next

cdef struct Hint:              # what a datagram side has shown so far, while the flow is undecided
    u32 id
    u16 seq
    u8 count
    u8 tag                     # HINT_*, 0 none

cdef enum:
    HINT_RTP = 1
    HINT_UTP = 2
    HINT_TFTP = 3
    HINT_WIREGUARD = 4
    HINT_RTCP = 5


cdef inline void fact_distinct(Look* look, u8 key, const u8* p, u32 n, u32 most) noexcept nogil:
    """keep_distinct of a value that is cut to TEXT_MOST bytes."""
    keep_distinct(look, key, p, n if n < TEXT_MOST else TEXT_MOST, most)


cdef inline void keep_distinct(Look* look, u8 key, const u8* p, u32 n, u32 most) noexcept nogil:
    """Keep the value unless it stands already; where `most` values of the key do, count it (FACT_MORE). Walks the list
    seam.pyx documents."""
    cdef const Facts* facts = look.cold.facts
    cdef const u8* at
    cdef const u8* end
    cdef u32 size, seen = 0
    if facts != NULL:
        at = <const u8*>facts + sizeof(Facts)
        end = at + facts.used
        while at < end:
            size = at[2] | (<u32>at[3] << 8)
            if at[0] == look.proto and at[1] == key:
                if size == n and memcmp(at + ENTRY_HEAD, p, n) == 0:
                    return
                seen += 1
            at += ENTRY_HEAD + size
    if seen >= most:
        more_than_kept(look, key, p, n)
    else:
        fact_add(look, key, p, n)


cdef inline bint fact_stands(const Facts* facts, u8 key, const u8* p, u32 n) noexcept nogil:
    """Has any protocol of the flow stored this very value under the key?"""
    cdef const u8* at
    cdef const u8* end
    cdef u32 size
    if facts == NULL:
        return False
    at = <const u8*>facts + sizeof(Facts)
    end = at + facts.used
    while at < end:
        size = at[2] | (<u32>at[3] << 8)
        if at[1] == key and size == n and memcmp(at + ENTRY_HEAD, p, n) == 0:
            return True
        at += ENTRY_HEAD + size
    return False


cdef inline void keep_text(Look* look, u8 key, Slice text, u32 most) noexcept nogil:
    """A distinct text; an empty one is no news."""
    if text.n:
        fact_distinct(look, key, text.p, text.n, most)


cdef inline void keep_u8(Look* look, u8 key, u8 value, u32 most) noexcept nogil:
    fact_distinct(look, key, &value, 1, most)


cdef inline void keep_u16(Look* look, u8 key, u16 value, u32 most) noexcept nogil:
    """Two bytes, big-endian."""
    cdef u8 two[2]
    two[0] = <u8>(value >> 8)
    two[1] = <u8>(value & 0xff)
    fact_distinct(look, key, two, 2, most)


cdef inline bint noted(u64* bits, u8 number) noexcept nogil:
    """Was the number noted before? It is from now on."""
    cdef u64 bit = <u64>1 << (number & 63)
    cdef inline bint before = bits[number >> 6] & bit != 0
    bits[number >> 6] |= bit
    return before


cdef inline void asked(Waiting* w, u64 key, u64 ts) noexcept nogil:
    """Note a request; a repeated one keeps its first time, the oldest makes room."""
    cdef int i
    for i in range(WAITING):
        if w.ts[i] and w.key[i] == key:
            return
    w.key[w.next] = key
    w.ts[w.next] = ts if ts else 1
    w.next = <u8>((w.next + 1) % WAITING)


cdef inline u64 answered(Waiting* w, u64 key, u64 ts) noexcept nogil:
    """ns since the request that this answers, 0 unknown. Frames of one instant count as 1 ns."""
    cdef int i
    cdef u64 since
    for i in range(WAITING):
        if w.ts[i] and w.key[i] == key:
            since = w.ts[i]
            w.ts[i] = 0
            if ts < since:
                return 0
            return ts - since if ts > since else 1
    return 0


cdef inline void keep_latency(Look* look, u8 key, Waiting* w, u64 id) noexcept nogil:
    """The newest time from a request to its answer, ns."""
    cdef u64 ns = answered(w, id, look.ts)
    if ns:
        fact_number(look, key, ns)


# Words of a row that only TCP uses hold what an undecided UDP flow has shown: no memory is spent on it.

cdef inline Hint hint_of(const Row* row, int side) noexcept nogil:
    cdef Hint h
    h.id = row.nxt[side]
    h.seq = <u16>(row.acked[side] & 0xffff)
    h.count = <u8>(row.acked[side] >> 16 & 0xff)
    h.tag = <u8>(row.acked[side] >> 24 & 0x1f)
    return h

cdef inline void hint_set(Row* row, int side, u8 tag, u32 id, u16 seq, u8 count) noexcept nogil:
    row.nxt[side] = id
    row.acked[side] = row.acked[side] & SUM_BITS | <u32>tag << 24 | <u32>count << 16 | seq
