"""What stations say of themselves, filtered: most of it was said before. Routers are told each time: they are few."""
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport mix_bytes
from netwatch._fast.flow.sighting cimport ROLE_ROUTER
from netwatch._fast.notice.agingtable cimport (PLACES_FIRST, places_add, places_close, places_first, places_grow,
                                               places_next, places_open)
from netwatch._fast.wire.packet cimport FAMILY_NONE


cdef bint stations_open(Stations* s) noexcept nogil:
    s.mem = <Station*>calloc(PLACES_FIRST + 1, sizeof(Station))
    return places_open(&s.places, PLACES_FIRST) and s.mem != NULL


cdef void stations_close(Stations* s) noexcept nogil:
    places_close(&s.places)
    free(s.mem)


cdef bint station_changed(Stations* s, const u8* told) noexcept nogil:
    """Is the address new, or does it live elsewhere now, or do something else? Remembers it."""
    cdef u8 key[17]
    cdef u8 bit = <u8>(1 << told[1])
    cdef u64 h, oldest = 0
    cdef u32 number
    cdef Station* one
    memset(key, 0, sizeof(key))
    if told[3] != FAMILY_NONE:
        key[0] = told[3]
        memcpy(key + 1, told + 4, 16)
    else:
        memcpy(key + 1, told + 20, 6)
    h = mix_bytes(key, sizeof(key))
    number = places_first(&s.places, h)
    while number:
        one = &s.mem[number]
        if memcmp(one.address, key, sizeof(key)) == 0:
            if told[1] != ROLE_ROUTER and one.roles & bit and (not told[2] or memcmp(one.mac + 1, told + 20, 6) == 0):
                return False
            break
        number = places_next(&s.places, number)
    if number == 0:
        if s.places.made == s.places.cap and s.places.cap < STATIONS:
            places_grow(&s.places, <void**>&s.mem, sizeof(Station), &oldest)
        one = &s.mem[places_add(&s.places, h)]
        memset(one, 0, sizeof(Station))
        memcpy(one.address, key, sizeof(key))
    one.roles |= bit
    if told[2]:
        one.mac[0] = 1
        memcpy(one.mac + 1, told + 20, 6)
    return True
