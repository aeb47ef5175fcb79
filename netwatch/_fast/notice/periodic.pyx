"""Flows that begin at regular times: the gaps between them lie close to their median, jitter and all.

Judged by the median of how far the gaps are from their median: some that are missed, or come in between, change
neither. Gaps that are spread evenly over plus or minus a third have 17 % of it, chance has 70 %.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.agingtable cimport (PLACES_FIRST, places_add, places_close, places_first, places_grow,
                                               places_next, places_open)

cdef enum:
    AT_ONCE_MS = 1000          # flows this close together are one beat
    FOR_EVER_MS = 86400000     # a longer gap begins anew


cdef bint beats_open(Beats* b) noexcept nogil:
    b.beats = <Beat*>calloc(PLACES_FIRST + 1, sizeof(Beat))
    return places_open(&b.keys, PLACES_FIRST) and b.beats != NULL


cdef void beats_close(Beats* b) noexcept nogil:
    places_close(&b.keys)
    free(b.beats)


cdef Beat* beat_of(Beats* b, const Turn* turn) noexcept nogil:
    """The beat of the flow's source and destination, this flow included; NULL when it is one with the last."""
    cdef u64 h = beat_hash(turn), gap, oldest = 0
    cdef u32 number = places_first(&b.keys, h)
    cdef Beat* one
    cdef Start* start
    while number:
        one = &b.beats[number]
        if (one.dport == turn.dport and one.proto == turn.proto and memcmp(one.src, turn.src, 16) == 0
                and memcmp(one.dst, turn.dst, 16) == 0):
            break
        number = places_next(&b.keys, number)
    if number == 0:
        if b.keys.made == b.keys.cap and b.keys.cap < BEATS:
            places_grow(&b.keys, <void**>&b.beats, sizeof(Beat), &oldest)
        one = &b.beats[places_add(&b.keys, h)]
        memcpy(one.src, turn.src, 16)
        memcpy(one.dst, turn.dst, 16)
        one.dport, one.proto, one.last, one.count = turn.dport, turn.proto, 0, 0
    gap = (turn.ts - one.last) // 1000000 if turn.ts > one.last else 0
    if one.count and gap < AT_ONCE_MS:
        return NULL
    if one.count == 0 or gap > FOR_EVER_MS:
        one.first, one.count, one.said = turn.ts, 0, 0
    start = &one.starts[one.count % GAPS]
    start.flow, start.frame, start.gap = turn.id, turn.frame, <u32>gap
    one.last = turn.ts
    one.count += 1
    return one


cdef u32 median(u32* values, u32 n) noexcept nogil:
    """Sorts them by insertion: they are few."""
    cdef u32 i, j, value
    for i in range(1, n):
        value = values[i]
        j = i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
    return values[n // 2]


cdef bint beat_steady(const Beat* b, u32 low, u32 high, u32 spread, u32* middle, u32* off) noexcept nogil:
    """Are its gaps within low and high (ms), and at most `spread` % from their median? `middle`: that, ms; `off`: how
    far they are from it, ms."""
    cdef u32 values[GAPS]
    cdef u32 i, n = <u32>min(b.count - 1, <u64>GAPS) if b.count else 0
    if n < LEAST_GAPS:
        return False
    for i in range(n):
        values[i] = b.starts[(b.count - 1 - i) % GAPS].gap
    middle[0] = median(values, n)
    if not low <= middle[0] <= high:
        return False
    for i in range(n):
        values[i] = values[i] - middle[0] if values[i] > middle[0] else middle[0] - values[i]
    off[0] = median(values, n)
    return <u64>off[0] * 100 <= <u64>middle[0] * spread
