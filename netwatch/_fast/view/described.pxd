"""What fields say that only the describing halves of the protocols can tell: worked out once for each different part of
a profile that the field depends on."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.conditions cimport Condition, TextAnswers
from netwatch._fast.view.profiles cimport Entry, Profiles, KEYS
from netwatch._fast.view.strings cimport Strings
from netwatch._fast.view.values cimport Values
from netwatch._fast.view.work cimport Work

cdef class Parts:
    cdef Profiles profiles
    cdef u64 generation
    cdef u8 places[KEYS]
    cdef bint whole                # with the flow's app, and which protocols have said anything
    cdef Strings parts             # entries
    cdef u32* of_profile           # number of its part, 0: nothing of the kind
    cdef u32 cap
    cdef u32 known                 # profiles taken apart, from 1 on

    cdef u32 part_of(self, const Entry* entries, u32 n) noexcept nogil
    cdef bint step(self, Work work) except? True
    cdef list facts(self, u32 part)

cdef class FieldValues(Values):        # ids by part
    cdef Parts parts
    cdef object value_of
    cdef bint textual              # of a field that is text
    cdef dict places               # value -> its place

    cdef u32 number(self, tuple value) except? 0

cdef class FieldCondition(Condition):
    cdef FieldValues field
    cdef TextAnswers text
    cdef object check
    cdef bytearray listed          # by place of a value: the check holds
    cdef const u8* passes          # ... where that lies, since ready()
    cdef bint any_value            # there is no check
