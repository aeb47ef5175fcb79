"""Where turns will be looked for comes into the cache while others are looked at, in three steps: most of what
detectors remember was not touched for long."""
from netwatch._fast.base.bytes cimport u8, u64
from netwatch._fast.base.mix cimport mix_address
from netwatch._fast.flow.turns cimport TURN_ANSWERED, TURN_BEGAN, TURN_CARRIED, TURN_OPENED, Turn
from netwatch._fast.notice.attempts cimport Attempts, Source, attempt_near, attempt_nearer, attempt_nearest
from netwatch._fast.notice.periodic cimport Beat, Beats, beat_hash
from netwatch._fast.notice.agingtable cimport places_near, places_nearer
from netwatch._fast.wire.packet cimport FAMILY_IP4

cdef enum:
    AHEAD = 32                 # turns of a step

cdef inline bint is_nearby(u8 family, const u8* a) noexcept nogil:
    """Is it surely no address outside: private, shared, link-local, loopback (RFC 1918, 6598, 3927, 4193)?"""
    if family == FAMILY_IP4:
        return (a[0] == 10 or a[0] == 127 or (a[0] == 172 and a[1] >> 4 == 1) or (a[0] == 192 and a[1] == 168)
                or (a[0] == 169 and a[1] == 254) or (a[0] == 100 and a[1] >> 6 == 1))
    return a[0] & 0xfe == 0xfc or (a[0] == 0xfe and a[1] >> 6 == 2)


cdef inline bint is_shared(u8 family, const u8* address) noexcept nogil:
    """Multicast and the limited broadcast, which many hear and nobody has to answer."""
    if family == FAMILY_IP4:
        return address[0] >= 224
    return address[0] == 255


cdef inline void fetch(const Attempts* a, const Beats* beats, Turn** order, u64 start, u64 n) noexcept nogil:
    """Where their places are written. `beats`: NULL when nobody asks for them."""
    cdef u64 i
    cdef const Turn* turn
    for i in range(start, min(start + AHEAD, n)):
        turn = order[i]
        if turn.what >= TURN_CARRIED:
            continue
        attempt_near(a, turn)
        if turn.what == TURN_BEGAN:
            places_near(&a.addresses, mix_address(turn.src))
            if beats != NULL and not is_nearby(turn.family, turn.dst):
                places_near(&beats.keys, beat_hash(turn))


cdef inline void fetch_places(const Attempts* a, const Beats* beats, Turn** order, u64 start, u64 n) noexcept nogil:
    """Then what is there."""
    cdef u64 i
    cdef const Turn* turn
    for i in range(start, min(start + AHEAD, n)):
        turn = order[i]
        if turn.what >= TURN_CARRIED:
            continue
        if turn.what != TURN_BEGAN:
            attempt_nearer(a, turn)
            continue
        places_nearer(&a.addresses, mix_address(turn.src), a.sources, sizeof(Source))
        if beats != NULL and not is_nearby(turn.family, turn.dst):
            places_nearer(&beats.keys, beat_hash(turn), beats.beats, sizeof(Beat))


cdef inline void fetch_ahead(const Attempts* a, const Beats* beats, Turn** order, u64 at, u64 n) noexcept nogil:
    """A step of each; AHEAD turns from `at` on are looked at next."""
    cdef u64 i
    fetch(a, beats, order, at + 3 * AHEAD, n)
    fetch_places(a, beats, order, at + 2 * AHEAD, n)
    for i in range(at + AHEAD, min(at + 2 * <u64>AHEAD, n)):
        if order[i].what == TURN_OPENED or order[i].what == TURN_ANSWERED:
            attempt_nearest(a, order[i])


cdef inline void fetch_first(const Attempts* a, const Beats* beats, Turn** order, u64 n) noexcept nogil:
    """Before the first of them is looked at."""
    cdef u64 i
    for i in range(3):
        fetch(a, beats, order, i * AHEAD, n)
    for i in range(2):
        fetch_places(a, beats, order, i * AHEAD, n)
