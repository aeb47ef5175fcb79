"""What a field says in a profile, as a number: of its only text, or of a place in a list of values."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.profiles cimport Profiles, KEYS
from netwatch._fast.view.work cimport Work

cdef extern from *:
    """
    #define NW_LISTED 0x80000000u
    """
    const u32 LISTED "NW_LISTED"   # a value that is no single text: + its place in Values.values

cdef int ids_room(u32** ids, u32* cap, u32 n) except -1       # room for ids up to n; the first is 0

cdef class Values:
    cdef Profiles profiles
    cdef u64 generation            # of the profiles
    cdef u32* ids                  # number of a text, LISTED + place of a value, 0 none; by profile, or by part of one
    cdef u32 cap
    cdef u32 known                 # ids worked out, from 1 on
    cdef readonly list values      # list[tuple[object, ...]]: what stands at a place
    cdef list firsts               # of each: the number of its first value's text, 0 where that is none

    cdef bint step(self, Work work) except? True
    cdef bint name_texts(self, Work work) except? True
    cdef u32 of_profile(self, u32 profile) noexcept nogil

cdef class FirstTexts(Values):
    cdef u8 places[KEYS]
