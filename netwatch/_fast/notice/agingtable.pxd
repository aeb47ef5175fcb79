"""A table of bounded size that forgets what was put in first: hash, chain and order. Who uses it keeps the entries."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport prefetch

cdef struct Place:             # of an entry
    u64 hash
    u32 older                  # the next of its chain
    u32 newer                  # the one before it; 0 it is the first

cdef struct Places:
    u32* at                    # by hash, BUCKETS * cap of them, the newest entry of each chain; 0 none
    Place* chain               # by entry
    u32 cap                    # a power of two; entries are numbered from 1 to cap
    u64 made                   # since the start

cdef enum:
    PLACES_FIRST = 64          # entries a table begins with
    BUCKETS = 4                # to an entry, so that most that is not there is not looked for further

cdef bint places_open(Places* p, u32 cap) noexcept nogil       # False: no memory
cdef void places_close(Places* p) noexcept nogil
cdef u32 places_add(Places* p, u64 h) noexcept nogil           # the number of the new entry, in place of the oldest

cdef bint places_grow(Places* p, void** entries, size_t size, u64* oldest) noexcept nogil     # False: no memory

cdef inline void places_near(const Places* p, u64 h) noexcept nogil:
    """The hash will be looked for soon."""
    prefetch(&p.at[h & (BUCKETS * p.cap - 1)])


cdef inline void places_nearer(const Places* p, u64 h, const void* entries, size_t size) noexcept nogil:
    """Likewise, after places_near() and other work."""
    cdef u32 number = p.at[h & (BUCKETS * p.cap - 1)]
    prefetch(&p.chain[number])
    prefetch(<const u8*>entries + number * size)


cdef inline u32 places_first(const Places* p, u64 h) noexcept nogil:
    """The newest entry with this hash; 0 none."""
    cdef u32 number = p.at[h & (BUCKETS * p.cap - 1)]
    while number and p.chain[number].hash != h:
        number = p.chain[number].older
    return number


cdef inline u32 places_next(const Places* p, u32 number) noexcept nogil:
    """The next older one with the same hash; 0 none."""
    cdef u64 h = p.chain[number].hash
    number = p.chain[number].older
    while number and p.chain[number].hash != h:
        number = p.chain[number].older
    return number
