"""Mixing for hash tables and hints for the cache: three lines of C that Cython has no words for."""
from netwatch._fast.bytes cimport u8, u32, u64

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* 64x64 -> 128 bit product folded to 64: the mixing step of wyhash and its kin. */
    static inline uint64_t nw_mum(uint64_t a, uint64_t b) {
        __uint128_t r = (__uint128_t)a * b;
        return (uint64_t)r ^ (uint64_t)(r >> 64);
    }
    static inline uint64_t nw_load64(const void *p) { uint64_t v; memcpy(&v, p, 8); return v; }
    static inline uint32_t nw_load32(const void *p) { uint32_t v; memcpy(&v, p, 4); return v; }
    #define NW_K0 0x9E3779B97F4A7C15ULL
    #define NW_K1 0xD6E8FEB86659FD93ULL
    #define NW_K2 0xA0761D6478BD642FULL
    #define NW_K3 0xE7037ED1A0B428DBULL
    #define nw_prefetch(p) __builtin_prefetch((p), 1, 3)
    #define nw_lowest_bit(v) __builtin_ctzll(v)
    """
    u64 mum "nw_mum"(u64 a, u64 b) noexcept nogil
    u64 load64 "nw_load64"(const void* p) noexcept nogil
    u32 load32 "nw_load32"(const void* p) noexcept nogil
    void prefetch "nw_prefetch"(const void* p) noexcept nogil
    int lowest_bit "nw_lowest_bit"(u64 v) noexcept nogil      # the number of the lowest bit set; v is not 0
    const u64 K0 "NW_K0"      # odd constants with evenly spread bits
    const u64 K1 "NW_K1"
    const u64 K2 "NW_K2"
    const u64 K3 "NW_K3"
