"""Bounded reassembly by offset. Where two pieces overlap the first to arrive stands, so nothing read can change."""
from libc.stdlib cimport free
from libc.string cimport memcpy, memmove

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.base.growing cimport grown


cdef bint room(Pieces* s, u32 n) noexcept nogil:
    """Make the buffer hold n bytes."""
    return grown(&s.buf, &s.cap, n, 2048)


cdef void fill(Pieces* s, u32 first, u32 last, u32 low, u32 high, const u8* p) noexcept nogil:
    """Copy what lies in [low, high) and in none of the runs [first, last); `p` is the byte for `low`."""
    cdef u32 i, at = low, until
    for i in range(first, last):
        until = s.low[i]
        if until > at:
            memcpy(s.buf + at, p + (at - low), until - at)
        at = s.high[i] if s.high[i] > at else at
    if at < high:
        memcpy(s.buf + at, p + (at - low), high - at)


cdef bint pieces_put(Pieces* s, u64 at, const u8* p, u64 n) noexcept nogil:
    """Add n bytes at an offset; False when they are refused because a bound is reached."""
    cdef u32 low, high, first = 0, last
    if n == 0:
        return True
    if at >= PIECES_BYTES or n > PIECES_BYTES - at:
        return False
    low = <u32>at
    high = low + <u32>n
    while first < s.n and s.high[first] < low:
        first += 1
    last = first
    while last < s.n and s.low[last] <= high:
        last += 1
    if (first == last and s.n == PIECES_RANGES) or not room(s, high):
        return False
    fill(s, first, last, low, high, p)
    if first < last:
        low = s.low[first] if s.low[first] < low else low
        high = s.high[last - 1] if s.high[last - 1] > high else high
    memmove(&s.low[0] + first + 1, &s.low[0] + last, (s.n - last) * sizeof(u16))
    memmove(&s.high[0] + first + 1, &s.high[0] + last, (s.n - last) * sizeof(u16))
    s.low[first] = <u16>low
    s.high[first] = <u16>high
    s.n = s.n + 1 - (last - first)
    return True


cdef u32 pieces_ready(const Pieces* s) noexcept nogil:
    """How many bytes from offset 0 on are there without a hole."""
    return s.high[0] if s.n and s.low[0] == 0 else 0


cdef void pieces_clear(Pieces* s) noexcept nogil:
    """Forget everything and free the memory."""
    free(s.buf)
    s.buf = NULL
    s.cap = 0
    s.n = 0
