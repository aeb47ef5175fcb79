"""What somebody tried to reach: whether an answer came, and how many of a source's attempts were answered of late.

An attempt waits until it is answered, refused, or too old. It is found by the row of its flow, which is as much as an
engine tells cheaply, and known by its key. All forget the oldest first.
"""
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.base.mix cimport mix_address
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.agingtable cimport (PLACES_FIRST, places_add, places_close, places_first, places_grow,
                                               places_next, places_open)


cdef bint attempts_open(Attempts* a, u32 shards) noexcept nogil:
    memset(a, 0, sizeof(Attempts))
    a.rows, a.shards = <Rows*>calloc(shards, sizeof(Rows)), shards
    a.sources = <Source*>calloc(PLACES_FIRST + 1, sizeof(Source))
    return places_open(&a.addresses, PLACES_FIRST) and a.rows != NULL and a.sources != NULL


cdef void attempts_close(Attempts* a) noexcept nogil:
    cdef u32 i
    for i in range(a.shards if a.rows != NULL else 0):
        free(a.rows[i].made)
    free(a.rows)
    free(a.attempts)
    free(a.turns)
    places_close(&a.addresses)
    free(a.sources)


cdef bint ring_grow(Attempts* a) noexcept nogil:
    """Twice as many; those from `oldest` on are kept."""
    cdef u32 cap = 2 * a.cap if a.cap else PLACES_FIRST
    cdef Attempt* attempts = <Attempt*>calloc(cap, sizeof(Attempt))
    cdef Turn* turns = <Turn*>malloc(cap * sizeof(Turn))
    cdef u64 i
    if attempts == NULL or turns == NULL:
        free(attempts)
        free(turns)
        return False
    for i in range(a.oldest, a.made):
        attempts[i & (cap - 1)] = a.attempts[i & (a.cap - 1)]
        turns[i & (cap - 1)] = a.turns[i & (a.cap - 1)]
    free(a.attempts)
    free(a.turns)
    a.attempts, a.turns, a.cap = attempts, turns, cap
    return True


cdef bint row_room(Rows* rows, u32 row) noexcept nogil:
    cdef u32 held = max(2 * row, <u32>1024)
    cdef u32* grown
    if row < rows.held:
        return True
    grown = <u32*>realloc(rows.made, held * sizeof(u32))
    if grown == NULL:
        return False
    memset(grown + rows.held, 0, (held - rows.held) * sizeof(u32))
    rows.made, rows.held = grown, held
    return True


cdef bint attempt_begin(Attempts* a, const Turn* turn) noexcept nogil:
    """Somebody asks: from now on it waits."""
    cdef Attempt* one
    cdef Source* source
    cdef u32 number
    cdef u64 oldest = 0
    if a.made >= a.oldest + a.cap and a.cap < ATTEMPTS and not ring_grow(a) and a.cap == 0:
        return False
    if not row_room(&a.rows[turn.shard], turn.row):
        return False
    one = &a.attempts[a.made & (a.cap - 1)]
    if a.made >= a.oldest + a.cap:
        a.overrun += one.state == WAITING
        a.oldest += 1
    memcpy(&a.turns[a.made & (a.cap - 1)], turn, sizeof(Turn))
    a.made += 1
    a.rows[turn.shard].made[turn.row] = <u32>a.made
    one.key, one.ts, one.state, one.greeted = turn.key, turn.ts, WAITING, 0
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
    return True


cdef void turn_minute(Source* source, u64 ts) noexcept nogil:
    cdef u64 minute = ts // MINUTE
    if minute <= source.minute:
        return
    source.tried[1] = source.tried[0] if minute == source.minute + 1 else 0
    source.answered[1] = source.answered[0] if minute == source.minute + 1 else 0
    source.tried[0] = source.answered[0] = 0
    source.minute = minute


cdef Attempt* attempt_of(const Attempts* a, const Turn* turn) noexcept nogil:
    """The flow's, if it waits still."""
    cdef const Rows* rows = &a.rows[turn.shard]
    cdef u32 made = rows.made[turn.row] if turn.row < rows.held else 0
    cdef Attempt* one
    if made == 0:
        return NULL
    one = &a.attempts[(made - 1) & (a.cap - 1)]
    return one if one.key == turn.key and one.state == WAITING else NULL


cdef void attempt_answered(Attempts* a, const Turn* turn) noexcept nogil:
    cdef Attempt* one = attempt_of(a, turn)
    cdef Source* source
    if one == NULL:
        return
    one.state = DONE
    source = &a.sources[one.source]
    if memcmp(source.address, turn.src, 16) != 0:               # it made room for another
        source = source_of(a, turn)
    if source != NULL:
        turn_minute(source, turn.ts)
        source.answered[0] += 1


cdef const Turn* attempt_settle(Attempts* a, const Turn* turn, bint greeted) noexcept nogil:
    """`greeted`: the responder would have had it, which is an answer to its source."""
    cdef Attempt* one = attempt_of(a, turn)
    if one == NULL:
        return NULL
    if greeted:
        attempt_answered(a, turn)
    one.state = DONE
    return &a.turns[one - a.attempts]


cdef void attempt_greeted(Attempts* a, const Turn* turn) noexcept nogil:
    cdef Attempt* one = attempt_of(a, turn)
    if one != NULL:
        one.greeted = 1


cdef const Turn* attempt_due(Attempts* a, u64 before, bint* greeted) noexcept nogil:
    cdef Attempt* one
    while a.oldest < a.made:
        one = &a.attempts[a.oldest & (a.cap - 1)]
        if one.state == WAITING and one.ts >= before:
            return NULL
        a.oldest += 1
        if one.state == WAITING:
            one.state = DONE
            greeted[0] = one.greeted
            return &a.turns[one - a.attempts]
    return NULL


cdef Source* source_of(Attempts* a, const Turn* turn) noexcept nogil:
    cdef u32 number = places_first(&a.addresses, mix_address(turn.src))
    while number:
        if memcmp(a.sources[number].address, turn.src, 16) == 0:
            return &a.sources[number]
        number = places_next(&a.addresses, number)
    return NULL
