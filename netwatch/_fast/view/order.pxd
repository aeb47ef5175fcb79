"""Sorting: rows by 64-bit keys, texts by what they say."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.profiles cimport Profiles
from netwatch._fast.view.strings cimport Text
from netwatch._fast.view.work cimport Work

cdef extern from *:
    """
    #define NW_LAST UINT64_MAX
    """
    const u64 LAST "NW_LAST"       # the key of what has no value: last in either direction

cdef struct Item:                  # something that is being sorted
    u64 key
    u32 row
    u32 spare

cdef Item* items_new(size_t n) noexcept nogil
cdef void radix(Item** items, Item** other, u32 n) noexcept nogil

cdef inline u64 directed(u64 key, bint descending) noexcept nogil:
    """A key for either direction, never LAST."""
    if key == LAST:
        key -= 1
    return LAST - 1 - key if descending else key

cdef class TextRanks:
    cdef Profiles profiles
    cdef u64 generation
    cdef Text* texts               # copies of what is known of them, [1..known]; the bytes stay where they are
    cdef u32 known
    cdef u32 cap
    cdef u32* ordered              # numbers of texts in their order, [0..sorted)
    cdef u32* ranks                # by number, from 1 on
    cdef u32 sorted

    cdef bint step(self, Work work) except? True
    cdef int sort(self) except -1
    cdef void merge(self, Item** items, Item** other, u32* ordered, u32* ranks) noexcept nogil
    cdef inline u32 rank(self, u32 number) noexcept nogil:
        return self.ranks[number] if number <= self.sorted else 0
