"""Turns that wait, with what their flows said, second by second; bounded.

They stand in one piece of memory, and what no longer waits is left out by moving the rest to a second one. The two are
used in turn: memory that is new each time is cleared by the kernel each time.
"""
from libc.stdlib cimport free, malloc, qsort, realloc
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u64
from netwatch._fast.flow.turns cimport Turn

cdef enum:
    FIRST_BYTES = 65536
    MOST_BYTES = 4194304       # of what flows said and nobody was told yet


cdef void waiting_close(Waiting* w) noexcept nogil:
    free(w.ones)
    free(w.store)
    free(w.spare)


cdef int by_second(const void* a, const void* b) noexcept nogil:
    """Those of a packet before those of time."""
    cdef const One* x = <const One*>a
    cdef const One* y = <const One*>b
    if x.second != y.second:
        return 1 if x.second > y.second else -1
    if x.what != y.what:
        return <int>x.what - <int>y.what
    return (x.place > y.place) - (x.place < y.place)


cdef bint waiting_put(Waiting* w, const Turn* turn, u64 second, u64 place) noexcept nogil:
    """One more, of this second. Where there are too many it is counted, and not kept."""
    cdef One* one
    cdef void* grown
    if w.n == w.room:
        grown = realloc(w.ones, (2 * w.room + 256) * sizeof(One))
        if grown == NULL:
            return False
        w.ones, w.room = <One*>grown, 2 * w.room + 256
    if w.bytes + turn.size > MOST_BYTES:
        w.unheard += 1
        return True
    if w.stored + turn.size > w.cap and not make_room(w, turn.size):
        return False
    one = &w.ones[w.n]
    one.second, one.place, one.at, one.what = second, place, w.stored, turn.what
    memcpy(w.store + one.at, turn, turn.size)
    w.stored += turn.size
    w.bytes += turn.size
    if w.n and by_second(one - 1, one) > 0:
        w.disordered = True
    w.n += 1
    return True


cdef bint make_room(Waiting* w, u64 more) noexcept nogil:
    """For a turn of `more` bytes, by leaving out those that wait no more."""
    cdef u64 at = 0, i, cap = max(w.cap, 2 * (w.bytes + more), <u64>FIRST_BYTES)
    cdef u8* room = w.spare
    cdef const Turn* turn
    if w.spare_cap < cap:
        room = <u8*>malloc(cap)
        if room == NULL:
            return False
        free(w.spare)
        w.spare_cap = cap
    cap = w.spare_cap
    for i in range(w.n):
        turn = waiting_turn(w, i)
        memcpy(room + at, turn, turn.size)
        w.ones[i].at = at
        at += turn.size
    w.spare, w.spare_cap = w.store, w.cap
    w.store, w.cap, w.stored = room, cap, at
    return True


cdef void waiting_order(Waiting* w) noexcept nogil:
    if w.disordered:
        qsort(w.ones, w.n, sizeof(One), by_second)
        w.disordered = False
