"""The one hash of the house, keyed by a secret of the process; and hints for the cache that Cython has no words for.

mum() folds a 128-bit product: it is 0 whenever one operand is, so an operand that an outsider chooses would undo the
other. Both operands of every multiplication are therefore combined with the secret, and no choice of addresses, ports
or numbers makes keys meet more often than chance. A table compares keys all the same: a hash says where to look.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* 64x64 -> 128 bit product folded to 64: the mixing step of wyhash and its kin. */
    static inline uint64_t nw_mum(uint64_t a, uint64_t b) {
        __uint128_t r = (__uint128_t)a * b;
        return (uint64_t)r ^ (uint64_t)(r >> 64);
    }
    /* The product of two operands, and both its halves once more: every bit of the result hangs on every bit given. */
    static inline uint64_t nw_mum_twice(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
        __uint128_t r = (__uint128_t)a * b;
        return nw_mum((uint64_t)r ^ c, (uint64_t)(r >> 64) ^ d);
    }
    static inline uint64_t nw_load64(const void *p) { uint64_t v; memcpy(&v, p, 8); return v; }
    static inline uint32_t nw_load32(const void *p) { uint32_t v; memcpy(&v, p, 4); return v; }
    #define nw_prefetch(p) __builtin_prefetch((p), 1, 3)
    #define nw_lowest_bit(v) __builtin_ctzll(v)
    """
    u64 mum "nw_mum"(u64 a, u64 b) noexcept nogil
    u64 mum_twice "nw_mum_twice"(u64 a, u64 b, u64 c, u64 d) noexcept nogil
    u64 load64 "nw_load64"(const void* p) noexcept nogil
    u32 load32 "nw_load32"(const void* p) noexcept nogil
    void prefetch "nw_prefetch"(const void* p) noexcept nogil
    int lowest_bit "nw_lowest_bit"(u64 v) noexcept nogil      # the number of the lowest bit set; v is not 0

cdef u64 SECRET[4]             # random, drawn when the process begins

cdef inline u64 mix(u64 a, u64 b) noexcept nogil:
    """The hash of two numbers."""
    return mum_twice(a ^ SECRET[0], b ^ SECRET[1], SECRET[2], SECRET[3])

cdef inline u64 mix_on(u64 h, u64 a, u64 b) noexcept nogil:
    """The hash `h` of what came before, and two numbers more."""
    return mum_twice(h ^ a ^ SECRET[2], b ^ SECRET[3], h ^ SECRET[0], SECRET[1])

cdef inline u64 mix_address(const u8* address) noexcept nogil:
    """The hash of 16 bytes."""
    return mix(load64(address), load64(address + 8))

cdef inline u64 mix_ends(const u8* a, const u8* b, u64 more) noexcept nogil:
    """The hash of two addresses of 16 bytes, in this order, and a number."""
    cdef u64 h = mix_on(mix_address(a), load64(b), load64(b + 8))
    return mix_on(h, more, more)

cdef inline u64 mix_pair(u64 a, u64 b) noexcept nogil:
    """The hash of two hashes, the same in either order."""
    return mix(a, b) if a < b else mix(b, a)

cdef inline u64 fingerprint(u64 h, u64 a, u64 b) noexcept nogil:
    """Two numbers added to a fingerprint, which is the same in every process: for sampling that is to give the same
    answer twice. It says nothing about a place in a table: whoever likes can make two keys share one."""
    return mum(a ^ <u64>0x9E3779B97F4A7C15ULL, b ^ <u64>0xD6E8FEB86659FD93ULL) ^ a ^ (b << 32 | b >> 32) ^ (h * 31)

cdef u64 mix_bytes(const u8* p, size_t n) noexcept nogil      # the hash of n bytes
