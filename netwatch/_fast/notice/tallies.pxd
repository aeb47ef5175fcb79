"""How well what flows wait for goes, in buckets of packet time, by server, path, resolver or name. See tallies.pyx."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.beside cimport Wells
from netwatch._fast.notice.agingtable cimport Places

cdef enum:                     # Tally.metric, words in METRICS; of whom
    M_REPLY = 0                # a server's port: time from request to answer beyond the round trip
    M_SHAKE                    # a host: time of the handshake
    M_SENT                     # from one host to another: segments sent again
    M_AGAIN                    # likewise: the same segment over and over
    M_LARGE                    # likewise: large segments never arrive, small ones do
    M_WINDOW                   # a host that reads, and who sends: its window stays shut
    M_OPEN                     # a host's port: connections that do not open
    M_RESOLVER                 # a DNS server: time of answers, failures, silence
    M_NAME                     # a name: it does not exist
    M_ALERT                    # a host's port: a fatal TLS alert
    M_COUNT
    LANES = 2                  # of time: what happens to flows, and what they have said when they are over
    TALLIES = 8192             # remembered
    KEPT = 6                   # flows of a bucket
    NAME_KEPT = 96
    CODES = 4                  # ways to be bad that are told apart

cdef enum:                     # the ways
    C_SLOW = 0
    C_FAILED = 1               # SERVFAIL, REFUSED; of M_OPEN a RST
    C_NONE = 2                 # no answer
    C_OTHER = 3                # of M_SENT spurious; of M_OPEN left half done by who began it

cdef struct Bucket:
    u64 number                 # which, by time
    u32 good
    u32 bad
    u32 codes[CODES]
    u64 weight                 # of M_SENT packets
    u64 worst                  # ns, of what was bad
    u64 first_bad              # ns
    u64 last_bad
    u64 last_good
    u8 kept
    u64 flows[KEPT]
    u64 frames[KEPT]
    u64 key                    # of the first bad flow
    u32 row
    u8 shard

cdef struct Tally:
    u8 a[16]
    u8 b[16]
    u16 port
    u8 metric
    u8 family
    u8 name_n
    u8 watched                 # it was bad once: all its buckets are told from then on
    u8 name[NAME_KEPT]
    u64 n                      # samples that were not bad
    double mean                # ms, of them
    double spread              # sum of squares of what they were off, ms
    u64 minute                 # until it is watched:
    u32 calm[2]                # what went well in that minute, and in the one before
    Bucket now

cdef struct Sum:               # of all tallies of a metric, since the start
    u64 n
    u64 bad
    double ms                  # of all samples that are times

cdef struct Limit:             # ms
    double unknown             # too long, where nothing was learnt
    double least               # never too long below
    double sigmas              # beyond the mean
    double floor               # of a sigma

cdef class Tallies:
    cdef Places places
    cdef Tally* mem
    cdef Limit limits[M_COUNT]
    cdef Wells wells[M_COUNT]
    cdef Sum sums[M_COUNT]
    cdef u64 learn             # samples until it has learnt
    cdef u64 span              # ns of a bucket
    cdef u64 number[LANES]     # of the bucket now
    cdef u32* dirty[LANES]     # Tallies that have something in it
    cdef u32 n_dirty[LANES]
    cdef u64 lost              # watched ones that were forgotten
    cdef int dns
    cdef int tls
    cdef list out

    cdef Tally* find(self, int metric, const u8* a, const u8* b, u16 port, const u8* name, u32 n) noexcept
    cdef Tally* make(self, int metric, const u8* a, const u8* b, u16 port, const u8* name, u32 n, u8 family) noexcept
    cdef Tally* port(self, int metric, const Turn* turn) noexcept
    cdef Tally* path(self, int metric, const Turn* turn) noexcept
    cdef Bucket* bucket(self, Tally* one) noexcept
    cdef void well(self, Tally* one, u64 when) noexcept
    cdef void badly(self, Tally* one, const Turn* turn, u64 when, int code, u64 value, u64 weight) noexcept
    cdef void sample(self, Tally* one, const Turn* turn, u64 when, u64 value) noexcept
    cdef int take(self, const Turn* turn, u64 when) except -1
    cdef void replied(self, const Turn* turn, u64 when) noexcept
    cdef void flows_on(self, const Turn* turn, u64 when, bint spoke) noexcept
    cdef void opened(self, const Turn* turn, u64 when) noexcept
    cdef void resent(self, const Turn* turn, u64 when) noexcept
    cdef void named(self, const Turn* turn, u64 when) noexcept
    cdef int unanswered(self, const Turn* turn, u64 when, bint greeted) except -1
    cdef int told(self, const Turn* turn, u64 when) except -1
    cdef int advance(self, int lane, u64 now) except -1
    cdef int close(self, int lane) except -1
    cdef tuple tell(self, Tally* one, int lane)
