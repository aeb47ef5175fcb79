"""How regularly a source begins flows to one destination."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.places cimport Places

cdef enum:
    BEATS = 8192               # destinations remembered
    GAPS = 16                  # between flows, kept of each
    LEAST_GAPS = 11            # before it is judged

cdef struct Beat:
    u8 src[16]
    u8 dst[16]
    unsigned short dport
    unsigned short proto
    u64 first                  # ns, of the flows that are counted
    u64 last
    u64 count                  # flows
    u8 said
    u32 gaps[GAPS]             # ms, the newest, at (count - 2) % GAPS; from here on only what `count` says is set
    u64 flows[GAPS]            # numbers of the newest
    u64 frames[GAPS]

cdef struct Beats:
    Places keys
    Beat* beats

cdef bint beats_open(Beats* b) noexcept nogil
cdef void beats_close(Beats* b) noexcept nogil
cdef Beat* beat_of(Beats* b, const Turn* turn) noexcept nogil         # count a flow that began
cdef bint beat_steady(const Beat* b, u32 low, u32 high, u32 spread, u32* middle, u32* off) noexcept nogil
