"""A table of bounded size that forgets what was put in first: hash, chain and order. Who uses it keeps the entries."""
from netwatch._fast.base.bytes cimport u32, u64

cdef struct Places:
    u32* at                    # by hash, the newest entry of each place; 0 none
    u32* older                 # of an entry, the next of its place
    u64* hashes
    u32 cap                    # a power of two; entries are numbered from 1 to cap
    u64 made                   # since the start

cdef enum:
    PLACES_FIRST = 64          # entries a table begins with

cdef bint places_open(Places* p, u32 cap) noexcept nogil       # False: no memory
cdef void places_close(Places* p) noexcept nogil
cdef u32 places_add(Places* p, u64 h) noexcept nogil           # the number of the new entry, in place of the oldest

cdef bint places_grow(Places* p, void** entries, size_t size, u64* oldest) noexcept nogil     # False: no memory

cdef inline u32 places_first(const Places* p, u64 h) noexcept nogil:
    """The newest entry that may have this hash; go on with `older`."""
    return p.at[h & (p.cap - 1)]
