"""What came in each second of packet time. An engine counts into a Series when it has one; see series.pyx."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport Row
from netwatch._fast.wire.packet cimport Packet

cdef enum:
    FINE = 3600                # seconds kept one by one
    COARSE = 8640              # of COARSE_S each: 24 hours
    COARSE_S = 10
    MAX_HERE = 256             # addresses of this machine
    HERE_SLOTS = 1024

cdef enum:                     # what is counted; names in series.COUNTED
    S_PACKETS = 0              # frames
    S_BYTES                    # on the wire
    S_BEGUN                    # flows
    S_ENDED
    S_DNS                      # plain DNS queries
    S_DROPS                    # frames lost before they came here
    S_OWN                      # from here on counted packet by packet, in series_packet
    S_HERE_IN = S_OWN          # bytes to an address of this machine from one that is not
    S_HERE_OUT                 # and the other way
    S_BACK                     # bytes to whoever began the flow
    S_FORTH                    # and from there
    S_RESENT                   # TCP segments sent again
    S_TCP                      # TCP packets
    S_COUNT

cdef struct Bucket:
    u64 stamp                  # which second, or ten seconds, it holds; anything else makes it empty
    u64 counts[S_COUNT]

cdef struct Series:
    u64 totals[S_COUNT]        # since the beginning
    u64 then[S_COUNT]          # what of them is in buckets already
    u64 first                  # second of the first frame, 0 none yet
    u64 second                 # the one that is being counted
    u64 ends                   # ns, when it is over
    Bucket fine[FINE]
    Bucket coarse[COARSE]
    u32 n_here
    u8 family[MAX_HERE]
    u8 here[MAX_HERE][16]
    u32 slots[HERE_SLOTS]      # hash table over `here`, number + 1

cdef void series_fold(Series* s) noexcept nogil                       # put what is new in totals into buckets
cdef void series_turn(Series* s, u64 now) noexcept nogil              # packet time (ns) has left the second
cdef void series_packet(Series* s, const Packet* pk, const Row* row, bint outermost) noexcept nogil

cdef bint is_here(const Series* s, const u8* address, u8 family) noexcept nogil   # an address of this machine

cdef class History:
    cdef Series* series
