"""Conditions on texts and values, answered once for each different one: a bit for each number."""
from netwatch._fast.base.bytes cimport u8, u32, u64, i64
from netwatch._fast.view.profiles cimport Entry, Profiles, KEYS
from netwatch._fast.view.strings cimport Strings
from netwatch._fast.view.work cimport Work

cdef enum:
    LOOKED_AT = 4096               # bytes of a text, as the language says

cdef enum:                         # of PlaceCondition.places
    PLACE_WANTED = 1
    PLACE_FIRST = 2                # the first value of the fact alone counts
    PLACE_EMPTY = 4                # an empty text is a value

cdef class Answers:
    cdef Profiles profiles
    cdef u64 generation            # of the profiles, or texts, for which the bits are
    cdef u8* bits
    cdef u32 cap                   # numbers there is room for
    cdef u32 known                 # numbers answered for, from 1 on

    cdef int room(self, u32 n) except -1
    cdef void yes(self, u32 number) noexcept nogil
    cdef bint is_yes(self, u32 number) noexcept nogil
    cdef void renew(self) noexcept
    cdef u64 era(self) noexcept
    cdef void fresh(self) noexcept
    cdef bint step(self, Work work) except? True

cdef class TextAnswers(Answers):
    cdef Strings words             # folded
    cdef bytes part                # folded; None: another kind of test
    cdef object regex
    cdef bint dense                # the regex was found in many texts of the last piece

    cdef void find_part(self, u32 end, const u8* part, u32 n) noexcept nogil
    cdef void find_words(self, u32 end) noexcept nogil
    cdef int find_regex(self, u32 end) except -1
    cdef u32 find_in_lines(self, u32 first, u32 last) except? 0xFFFFFFFF

cdef class Condition:
    cdef u32 known                 # profiles marked, from 1 on

    cdef void restart(self) noexcept
    cdef bint ready(self, Work work) except? True
    cdef void mark(self, Answers answers, u32 end, Work work) noexcept nogil

cdef class PlaceCondition(Condition):
    cdef Profiles profiles
    cdef u8 places[KEYS]           # PLACE_ bits
    cdef TextAnswers text          # None: that there is a value

    cdef bint holds(self, const Entry* entries, u32 n) noexcept nogil

cdef class ProfileAnswers(Answers):
    cdef list conditions

cdef bint contains(const u8* p, u32 n, const u8* part, u32 m) noexcept nogil    # `part` in lower case
