"""Texts as numbers: each different one is kept once, and known by a number from 1 on. Bounded; what is over is said.

A text stays where it is for as long as the table is not cleared: texts lie in chunks that are never moved, one behind
the other in the order of their numbers, each followed by a line feed. Whoever may have two threads here locks.
"""
from netwatch._fast.base.bytes cimport u8, u32, u64, Slice

cdef enum:
    CHUNK = 1048576        # bytes of a chunk
    LONGEST = 65536        # bytes of a text; what is behind is not kept
    SEGMENTS = 64          # hash tables, which grow one by one: none of them makes anybody wait

cdef extern from *:
    """
    #define NW_OVER 0xFFFFFFFFu
    """
    const u32 OVER "NW_OVER"       # the number of every text for which there was no room

cdef struct Text:
    const u8* p
    u64 hash
    u32 n

cdef struct Segment:
    u64* slots             # hash << 32 | number, 0 free
    u32 mask
    u32 used

cdef struct Strings:
    Text* items            # [1..n]
    u32 n
    u32 cap
    Segment segments[SEGMENTS]
    u8** chunks
    u32* firsts            # of each chunk: the number of its first text
    u32 n_chunks
    u32 cap_chunks
    u32 used               # bytes of the newest chunk
    u32 most               # texts at most
    u64 most_bytes
    u64 bytes              # in all chunks
    u64 refused            # times that there was no room

cdef void strings_open(Strings* s, u32 most, u64 most_bytes) noexcept nogil
cdef void strings_clear(Strings* s) noexcept nogil                       # numbers begin anew
cdef void strings_close(Strings* s) noexcept nogil
cdef u32 strings_find(const Strings* s, const u8* p, u32 n) noexcept nogil   # 0: not there
cdef u32 strings_add(Strings* s, const u8* p, u32 n) noexcept nogil      # found or kept; OVER: no room

cdef class StringTable:
    cdef Strings strings
