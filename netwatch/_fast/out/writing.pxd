"""A growing piece of memory that text is written into: numbers, times, addresses, JSON strings. UTF-8 throughout.

Every put makes its own room; without memory `failed` is set and nothing more is written. What was written is whole as
long as it is not: `check` raises.
"""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u32, u64

cdef struct Buf:
    u8* mem
    u64 n                  # bytes written
    u64 cap
    bint failed

cdef bint buf_grow(Buf* b, u64 more) noexcept nogil
cdef void buf_free(Buf* b) noexcept nogil
cdef int check(const Buf* b) except -1

cdef inline u8* room(Buf* b, u64 n) noexcept nogil:
    """Where n bytes may be written, which the caller then counts; NULL without memory."""
    if b.cap - b.n < n and not buf_grow(b, n):
        return NULL
    return b.mem + b.n

cdef inline void put_byte(Buf* b, u8 c) noexcept nogil:
    cdef u8* p = room(b, 1)
    if p != NULL:
        p[0] = c
        b.n += 1

cdef inline void put_bytes(Buf* b, const void* p, u64 n) noexcept nogil:
    cdef u8* to = room(b, n)
    if to != NULL:
        memcpy(to, p, n)
        b.n += n

cdef void put_number(Buf* b, u64 value) noexcept nogil
cdef void put_hex(Buf* b, u64 value, u32 width) noexcept nogil          # lower case, leading zeros up to the width
cdef void put_iso(Buf* b, u64 ns) noexcept nogil                        # 2026-01-02T03:04:05.678901234Z
cdef void put_seconds(Buf* b, u64 ns) noexcept nogil                    # as Python shows ns / 1e9
cdef void put_micros(Buf* b, u64 ns) noexcept nogil                     # ns / 1e9 with six decimals
cdef int put_double(Buf* b, double value) except -1                     # as repr() has it
cdef int put_fixed(Buf* b, double value) except -1                      # with six decimals
cdef u32 write_number(u8* p, u64 value) noexcept nogil                  # its digits, at most 20; how many
cdef u32 write_address(u8* p, const u8* address, u8 family) noexcept nogil      # at most 48 bytes; how many
cdef void put_address(Buf* b, const u8* address, u8 family) noexcept nogil
cdef void put_escaped(Buf* b, const u8* p, u64 n) noexcept nogil    # the inside of a JSON string (RFC 8259 section 7)
cdef void put_csv(Buf* b, const u8* p, u64 n) noexcept nogil            # a cell (RFC 4180), in quotes where needed
cdef str iso_text(u64 ns)
cdef str address_text(const u8* address, u8 family)
