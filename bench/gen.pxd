"""What the generator and the mixer share: bytes in network order, random numbers, the capture file being written."""
from libc.stdio cimport FILE

from netwatch._fast.base.bytes cimport u8, u16, u32, u64

cdef enum:
    START_S = 1700000000                # seconds since 1970 of the first frame


cdef struct Flow:                       # one conversation, as its generator needs it
    u32 ends[2]                         # IPv4 addresses: client, server
    u16 ports[2]
    u32 sequence[2]                     # next byte each side sends


cdef inline u64 scramble(u64 x) noexcept nogil:
    """A 64-bit number that looks random; the output step of SplitMix64 (Steele, Lea, Flood 2014)."""
    x += <u64>0x9E3779B97F4A7C15
    x = (x ^ (x >> 30)) * <u64>0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <u64>0x94D049BB133111EB
    return x ^ (x >> 31)

cdef inline void put16(u8* p, u32 v) noexcept nogil:
    p[0] = <u8>(v >> 8)
    p[1] = <u8>v

cdef inline void put32(u8* p, u32 v) noexcept nogil:
    put16(p, v >> 16)
    put16(p + 2, v)

cdef inline u32 get16(const u8* p) noexcept nogil:
    return (<u32>p[0] << 8) | p[1]


cdef class Writer:
    cdef FILE* file
    cdef u64 random
    cdef readonly u64 packets
    cdef readonly u64 bytes
    cdef bint failed
    cdef u8 frame[2048]
    cdef u64 draw(self) noexcept nogil
    cdef void save(self, u64 at, const u8* data, u32 caplen, u32 size) noexcept nogil
    cdef void send(self, u64 at, Flow* flow, int side, int flags, const u8* data, u32 n) noexcept nogil
