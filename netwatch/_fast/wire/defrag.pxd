"""Reassembly of IPv4 and IPv6 fragments, bounded in datagrams, bytes and time."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.wire.packet cimport Frame, Packet

cdef enum:
    DEFRAG_BUCKETS = 1024
    DEFRAG_DATAGRAMS = 4096               # waiting at one time
    DEFRAG_BYTES = 16777216               # of memory held by all of them
    DEFRAG_SECONDS = 60                   # RFC 8200 section 4.5; RFC 791 allows less
    DEFRAG_STRAYS = 4096                  # datagrams without a first fragment that are told of at the end
    DEFRAG_ENDED = 256                    # finished datagrams of which it is known to whom they belonged
    DEFRAG_PRINTS = 48                    # ... and of so many of their fragments, what was in them
    DEFRAG_AGAIN_NS = 10000000            # a copy of one of their fragments comes within this
    DEFRAG_UNITS = 8192                   # of 8 bytes, in the largest datagram

cdef enum:                                # answers of defrag_add
    DEFRAG_WAIT = 0
    DEFRAG_WHOLE = 1
    DEFRAG_BAD = 2
    DEFRAG_AGAIN = 3                      # a copy of what was put together a moment ago

cdef struct Part:                         # one fragment's bytes follow it
    u32 at
    u32 n
    Part* next

cdef struct Datagram:
    u8 src[16]
    u8 dst[16]
    u32 ident
    u16 path
    u16 link                              # which of several networks it is on
    u8 proto                              # of its first fragment, once that is known
    u8 upper                              # ... behind the headers of IPv6
    u8 family
    u8 wrong                              # headers of its fragments do not add up
    u8 named                              # its first fragment was seen: protocols and ports are known
    u8 ttl
    u16 sport
    u16 dport
    u64 first                             # ns
    u64 last
    u64 frame                             # ordinal of the first frame
    u32 total                             # payload length, 0 while the last fragment is missing
    u32 end                               # of what is held
    u32 have
    u32 wire                              # frame bytes of all fragments
    u32 frames
    u32 waiting_wire                      # of those that came before the first: no flow has them yet
    u32 waiting
    u32 held                              # memory
    u64* units                            # bits: which units are held
    Part* parts
    Datagram* next                        # in its bucket
    Datagram* older                       # by age
    Datagram* newer

cdef struct Ended:                        # one that was put together
    Datagram of                           # without its parts
    u32 n
    u64 prints[DEFRAG_PRINTS]             # hashes of them

cdef struct Fragment:                     # what is asked
    u32 ident
    u32 at
    bint more
    u16 link                              # as the Datagram's
    u8 proto
    bint wrong                            # its header does not add up
    bint cut                              # less was captured than sent: never whole
    const u8* p
    u32 n

cdef struct Whole:                        # what is answered: of a finished datagram the bytes, valid until defrag_flush
    u8* data
    u32 n
    u32 wire                              # frame bytes and frames of all its fragments
    u32 frames
    Datagram* datagram                    # while it waits

cdef struct Stray:                        # fragments whose first was never seen
    u8 src[16]
    u8 dst[16]
    u64 first
    u64 last
    u64 frame
    u32 wire
    u32 frames
    u16 path
    u8 proto
    u8 family
    u8 ttl

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
    Ended ended[DEFRAG_ENDED]
    Stray* strays
    u32 n_strays

cdef Defrag* defrag_new() noexcept nogil
cdef void defrag_free(Defrag* d) noexcept nogil
cdef void defrag_flush(Defrag* d) noexcept nogil
cdef void defrag_end(Defrag* d) noexcept nogil
cdef u64 fragment_hash(const u8* src, const u8* dst, u32 ident) noexcept nogil
cdef bint defrag_keep(Defrag* d, u8* data) noexcept nogil
cdef void defrag_done(Defrag* d, Datagram* g) noexcept nogil
cdef int defrag_add(Defrag* d, const Packet* pk, const Fragment* f, Whole* out) noexcept nogil
cdef void stray_packet(const Stray* stray, Frame* frame, Packet* pk) noexcept nogil
