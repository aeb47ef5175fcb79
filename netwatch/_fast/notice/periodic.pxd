"""How regularly a source begins flows to one destination."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport mix_ends
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.agingtable cimport Places

cdef enum:
    BEATS = 8192               # destinations remembered
    GAPS = 16                  # between flows, kept of each
    LEAST_GAPS = 11            # before it is judged

cdef struct Start:             # of one flow
    u64 flow                   # its number
    u64 frame
    u32 gap                    # ms since the one before

cdef struct Beat:              # one that is met once touches a line of the cache or two
    u8 src[16]
    u8 dst[16]
    unsigned short dport
    unsigned short proto
    u8 said
    u64 first                  # ns, of the flows that are counted
    u64 last
    u64 count                  # flows
    Start starts[GAPS]         # the newest, at (count - 1) % GAPS; the first of all has no gap

cdef struct Beats:
    Places keys
    Beat* beats

cdef bint beats_open(Beats* b) noexcept nogil
cdef void beats_close(Beats* b) noexcept nogil
cdef inline u64 beat_hash(const Turn* turn) noexcept nogil:
    return mix_ends(turn.src, turn.dst, <u64>turn.dport << 16 | turn.proto)

cdef Beat* beat_of(Beats* b, const Turn* turn) noexcept nogil         # count a flow that began
cdef bint beat_steady(const Beat* b, u32 low, u32 high, u32 spread, u32* middle, u32* off) noexcept nogil
