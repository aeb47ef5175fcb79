"""Bytes per second of a flow. Seconds that are over are kept in 16 bits: exact below 2048, then 11 bits of mantissa
(error under 0.05 %). What a flow carries "now" is the mean over a Window, which is the same for every flow and for the
session's counts (addons/throughput.py), so that flows add up to their groups and to the total.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.row cimport Cold

cdef enum:
    SMOOTH = 3                 # whole seconds that a Window reaches back
    WINDOW_SECOND = 1000000000

cdef struct Pace:              # of a flow, packed: the seconds before that of Cold.rate
    u16 older[2]
    u16 oldest[2]

cdef struct Window:
    u64 second                 # the one that is being counted
    bint partial               # what there is of it belongs to the window, too
    double seconds             # how long it is, 0: nothing is over yet


cdef inline Window window_at(u64 now, u64 first, bint live) noexcept nogil:
    """The last SMOOTH seconds that are over, as far as anything was captured. `now`, `first`: ns, packet time, of the
    newest and of the first frame. What is not live stops anywhere: what it has of its last second counts."""
    cdef Window w
    cdef u64 until, start
    w.second, w.partial = now // WINDOW_SECOND, not live
    until = w.second * WINDOW_SECOND if live else now
    start = (w.second - SMOOTH) * WINDOW_SECOND if w.second > SMOOTH else 0
    start = max(start, first)
    w.seconds = <double>(until - start) / WINDOW_SECOND if until > start else 0
    return w

cdef inline u16 pack_rate(u32 v) noexcept nogil:
    cdef u32 shift = 0
    while v >> shift >= 4096:
        shift += 1
    if v < 2048:
        return <u16>v
    return <u16>((shift + 1) << 11 | (v >> shift & 0x7ff))

cdef inline u32 unpack_rate(u16 x) noexcept nogil:
    cdef u32 shift = x >> 11
    return x if shift == 0 else <u32>(0x800 | (x & 0x7ff)) << (shift - 1)

cdef inline void forget_pace(Pace* pace) noexcept nogil:
    """Of a row that another flow takes; what was never written is not now."""
    cdef int side
    for side in range(2):
        if pace.older[side] | pace.oldest[side]:
            pace.older[side] = pace.oldest[side] = 0

cdef inline void turn_second(Cold* cold, Pace* pace, u16 second) noexcept nogil:
    """Close the second that was being counted and begin another."""
    cdef int side
    cdef u16 packed, older, oldest, over = <u16>(second - cold.second)
    for side in range(2):
        packed = pack_rate(cold.now[side])
        if unpack_rate(packed) > unpack_rate(cold.peak[side]):
            cold.peak[side] = packed
        older = cold.rate[side] if over == 1 else packed if over == 2 else 0
        oldest = pace.older[side] if over == 1 else cold.rate[side] if over == 2 else packed if over == 3 else 0
        if older != pace.older[side]:          # rows of flows without a course are never touched
            pace.older[side] = older
        if oldest != pace.oldest[side]:
            pace.oldest[side] = oldest
        cold.rate[side] = packed if over == 1 else 0
        cold.now[side] = 0
    cold.second = second

cdef inline void count_rate(Cold* cold, Pace* pace, int side, u32 n, u64 second, u64 newest) noexcept nogil:
    """A frame that is older than the flow's newest second counts in that. `cold` has 16 bits of it, which do not tell
    what is older."""
    if second == newest and cold.second != <u16>second:
        turn_second(cold, pace, <u16>second)
    cold.now[side] += n

cdef inline u64 rate_now(const Cold* cold, const Pace* pace, int side, const Window* w) noexcept nogil:
    """Bytes/s, the mean over the window."""
    cdef u16 behind = <u16>(w.second - cold.second)
    cdef u64 total = 0
    if w.seconds <= 0:
        return 0
    if behind == 0:
        total = <u64>unpack_rate(cold.rate[side]) + unpack_rate(pace.older[side]) + unpack_rate(pace.oldest[side])
        if w.partial:
            total += cold.now[side]
    elif behind == 1:
        total = <u64>cold.now[side] + unpack_rate(cold.rate[side]) + unpack_rate(pace.older[side])
    elif behind == 2:
        total = <u64>cold.now[side] + unpack_rate(cold.rate[side])
    elif behind == SMOOTH:
        total = cold.now[side]
    elif behind == 0xffff:                     # another second began while the question was being answered
        total = <u64>unpack_rate(pace.older[side]) + unpack_rate(pace.oldest[side])
        if w.partial:
            total += unpack_rate(cold.rate[side])
    return <u64>(total / w.seconds + 0.5)

cdef inline u32 rate_peak(const Cold* cold, int side) noexcept nogil:
    """Bytes in the busiest second."""
    cdef u32 peak = unpack_rate(cold.peak[side])
    return cold.now[side] if cold.now[side] > peak else peak
