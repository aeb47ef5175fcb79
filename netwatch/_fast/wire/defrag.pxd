"""Reassembly of IPv4 and IPv6 fragments, bounded in datagrams, bytes and time."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.wire.packet cimport Packet

cdef enum:
    DEFRAG_BUCKETS = 1024
    DEFRAG_DATAGRAMS = 4096               # waiting at one time
    DEFRAG_BYTES = 16777216               # held by all of them
    DEFRAG_PARTS = 256                    # fragments of one datagram
    DEFRAG_SECONDS = 60                   # RFC 8200 section 4.5; RFC 791 allows less

cdef enum:                                # answers of defrag_add
    DEFRAG_WAIT = 0
    DEFRAG_WHOLE = 1
    DEFRAG_BAD = 2

cdef struct Part:                         # one fragment's bytes follow it
    u32 at
    u32 n
    Part* next

cdef struct Datagram:
    u8 src[16]
    u8 dst[16]
    u32 ident
    u16 path
    u8 proto
    u8 family
    u64 first                             # ns
    u32 total                             # payload length, 0 while the last fragment is missing
    u32 have
    u32 wire                              # frame bytes of all fragments
    u16 frames
    u16 parts
    Part* head                            # sorted, no overlaps
    Datagram* next                        # in its bucket
    Datagram* older                       # by age
    Datagram* newer

cdef struct Whole:                        # a finished datagram, valid until defrag_flush
    u8* data
    u32 n
    u32 wire
    u16 frames

cdef struct Defrag:
    Datagram* buckets[DEFRAG_BUCKETS]
    Datagram* oldest
    Datagram* newest
    u32 datagrams
    u64 bytes
    u64 dropped                           # datagrams given up: too old, over a bound, or impossible
    u8** ready                            # finished buffers to free at the end of the batch
    u32 n_ready
    u32 cap_ready

cdef Defrag* defrag_new() noexcept nogil
cdef void defrag_free(Defrag* d) noexcept nogil
cdef void defrag_flush(Defrag* d) noexcept nogil
cdef u64 fragment_hash(const Packet* pk, u32 ident, u8 proto) noexcept nogil
cdef bint defrag_keep(Defrag* d, u8* data) noexcept nogil
cdef int defrag_add(Defrag* d, const Packet* pk, u32 ident, u8 proto, u32 at, bint more,
                    const u8* p, u32 n, Whole* out) noexcept nogil
