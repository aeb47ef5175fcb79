"""The sum that IP, TCP and UDP put into their headers (RFC 1071).

A sum that is wrong says nothing by itself: network cards put it in after the capture, and join or cut packets. It says
that the receiver drops the packet where those that its sender sent before are right.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    static inline uint64_t nw_word(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
    static inline uint64_t nw_carry(uint64_t a, uint64_t v) { a += v; return a + (a < v); }
    /* The sum of whole blocks of 16 bytes, in a register of the machine's where it has such. Each adds less than 2^17
       to the four words of 32 bits, so that they hold 524,288 bytes: twice the largest frame. */
    typedef uint32_t nw_four __attribute__((vector_size(16)));
    static inline uint64_t nw_blocks(const uint8_t *p, size_t n) {
        nw_four sum = {0, 0, 0, 0}, v;
        for (; n >= 16; n -= 16, p += 16) { memcpy(&v, p, 16); sum += (v & 0xffff) + (v >> 16); }
        return (uint64_t)sum[0] + sum[1] + sum[2] + sum[3];
    }
    /* The one's complement sum of RFC 1071, neither folded nor inverted, in the machine's byte order, as it allows. */
    static inline uint64_t nw_ones_sum(uint64_t a, const uint8_t *p, size_t n) {
        uint8_t tail[8] = {0};
        a = nw_carry(a, nw_blocks(p, n));
        p += n & ~(size_t)15;
        if (n & 8) { a = nw_carry(a, nw_word(p)); p += 8; }
        n &= 7;
        if (n) { memcpy(tail, p, n); a = nw_carry(a, nw_word(tail)); }
        return a;
    }
    /* Of both addresses. */
    static inline uint64_t nw_ends_sum(const uint8_t *p, const uint8_t *q) {
        return nw_carry(nw_carry(nw_carry(nw_word(p), nw_word(p + 8)), nw_word(q)), nw_word(q + 8));
    }
    static inline uint16_t nw_fold(uint64_t s) {
        s = (s >> 32) + (s & 0xffffffffu); s = (s >> 16) + (s & 0xffff); s = (s >> 16) + (s & 0xffff);
        return (uint16_t)((s >> 16) + (s & 0xffff));
    }
    /* Does a header of n bytes, a multiple of 4, add up? */
    static inline int nw_adds_up(const uint8_t *p, size_t n) {
        uint64_t sum = 0;
        for (; n; n -= 4, p += 4) { uint32_t v; memcpy(&v, p, 4); sum += v; }
        return nw_fold(sum) == 0xffff;
    }
    #include <arpa/inet.h>
    """
    u64 ones_sum "nw_ones_sum"(u64 begun, const u8* p, size_t n) noexcept nogil
    u64 ends_sum "nw_ends_sum"(const u8* src, const u8* dst) noexcept nogil
    u64 carry "nw_carry"(u64 a, u64 b) noexcept nogil
    u16 fold "nw_fold"(u64 sum) noexcept nogil
    bint adds_up "nw_adds_up"(const u8* p, size_t n) noexcept nogil
    u16 htons(u16 n) noexcept nogil
