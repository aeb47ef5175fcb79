"""What somebody tried to reach: whether an answer came, and how many of a source's attempts were answered of late.

An attempt waits until it is answered, refused, or too old. All tables forget the oldest first.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.base.mix cimport mix, mix_address
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.places cimport (PLACES_FIRST, places_add, places_close, places_first, places_grow,
                                           places_next, places_open)


cdef bint attempts_open(Attempts* a) noexcept nogil:
    memset(a, 0, sizeof(Attempts))
    a.attempts = <Attempt*>calloc(PLACES_FIRST + 1, sizeof(Attempt))
    a.sources = <Source*>calloc(PLACES_FIRST + 1, sizeof(Source))
    return (places_open(&a.keys, PLACES_FIRST) and places_open(&a.addresses, PLACES_FIRST) and a.attempts != NULL
            and a.sources != NULL)


cdef void attempts_close(Attempts* a) noexcept nogil:
    places_close(&a.keys)
    places_close(&a.addresses)
    free(a.attempts)
    free(a.sources)


cdef void attempt_begin(Attempts* a, const Turn* turn) noexcept nogil:
    """Somebody asks: from now on it waits."""
    cdef Attempt* one
    cdef Source* source
    cdef u32 number
    cdef u64 oldest = 0
    if a.keys.made >= a.oldest + a.keys.cap and a.keys.cap < ATTEMPTS:
        places_grow(&a.keys, <void**>&a.attempts, sizeof(Attempt), &a.oldest)
    number = places_add(&a.keys, mix(turn.key, 0))
    one = &a.attempts[number]
    if a.keys.made > a.oldest + a.keys.cap:
        a.overrun += one.state == WAITING
        a.oldest += 1
    memcpy(&one.turn, turn, sizeof(Turn))
    one.state, one.greeted = WAITING, 0
    source = source_of(a, turn)
    if source != NULL:
        number = <u32>(source - a.sources)
    else:
        if a.addresses.made == a.addresses.cap and a.addresses.cap < SOURCES:
            places_grow(&a.addresses, <void**>&a.sources, sizeof(Source), &oldest)
        number = places_add(&a.addresses, mix_address(turn.src))
        source = &a.sources[number]
        memset(source, 0, sizeof(Source))
        memcpy(source.address, turn.src, 16)
    one.source = number
    turn_minute(source, turn.ts)
    source.tried[0] += 1


cdef void turn_minute(Source* source, u64 ts) noexcept nogil:
    cdef u64 minute = ts // MINUTE
    if minute <= source.minute:
        return
    source.tried[1] = source.tried[0] if minute == source.minute + 1 else 0
    source.answered[1] = source.answered[0] if minute == source.minute + 1 else 0
    source.tried[0] = source.answered[0] = 0
    source.minute = minute


cdef void attempt_answered(Attempts* a, const Attempt* one, u64 ts) noexcept nogil:
    cdef Source* source = &a.sources[one.source]
    if memcmp(source.address, one.turn.src, 16) != 0:           # it made room for another
        source = source_of(a, &one.turn)
    if source != NULL:
        turn_minute(source, ts)
        source.answered[0] += 1


cdef Attempt* attempt_of(Attempts* a, const Turn* turn) noexcept nogil:
    """The flow's, if it waits still."""
    cdef u32 number = places_first(&a.keys, mix(turn.key, 0))
    cdef Attempt* one
    while number:
        one = &a.attempts[number]
        if one.turn.key == turn.key and one.state == WAITING:
            return one
        number = places_next(&a.keys, number)
    return NULL


cdef Attempt* attempt_settle(Attempts* a, const Turn* turn) noexcept nogil:
    cdef Attempt* one = attempt_of(a, turn)
    if one != NULL:
        one.state = DONE
    return one


cdef void attempt_greeted(Attempts* a, const Turn* turn) noexcept nogil:
    cdef Attempt* one = attempt_of(a, turn)
    if one != NULL:
        one.greeted = 1


cdef Attempt* attempt_due(Attempts* a, u64 before) noexcept nogil:
    cdef Attempt* one
    while a.oldest < a.keys.made:
        one = &a.attempts[(a.oldest & (a.keys.cap - 1)) + 1]
        if one.state == WAITING and one.turn.ts >= before:
            return NULL
        a.oldest += 1
        if one.state == WAITING:
            one.state = DONE
            return one
    return NULL


cdef Source* source_of(Attempts* a, const Turn* turn) noexcept nogil:
    cdef u32 number = places_first(&a.addresses, mix_address(turn.src))
    while number:
        if memcmp(a.sources[number].address, turn.src, 16) == 0:
            return &a.sources[number]
        number = places_next(&a.addresses, number)
    return NULL
