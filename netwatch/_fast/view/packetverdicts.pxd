"""Packets judged by what a filter can tell apart."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.view.strings cimport Strings

cdef enum:
    MOST = 16              # fields
    MORE = 9               # u64 that whoever asks has found out by himself

cdef struct Seen:
    Strings keys           # what was seen
    u32* known             # by number: what is known of it, 0 nothing
    u32 room

cdef class PacketVerdicts:
    cdef bint alike
    cdef list fields       # [(code, name, class, of ALIKE)]
    cdef dict numbers      # class → number
    cdef Seen[MOST + 1] seen   # what each field is made from → 1 + its class; the classes together → 1 + the answer

    cdef u32 answer(self, PacketRows rows, u64 i, object value, object judge, const u64* more=*,
                    u32 n_more=*) except? 0xFFFFFFFF
    cdef u32 number(self, object found) except 0
    cdef void forget(self)
