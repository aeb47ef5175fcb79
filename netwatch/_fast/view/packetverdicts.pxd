"""Packets judged by what a filter can tell apart."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.view.strings cimport Strings

cdef enum:
    MOST = 16              # fields

cdef struct Seen:
    Strings keys           # what was seen
    u32* known             # by number: what is known of it, 0 nothing
    u32 room

cdef class PacketVerdicts:
    cdef bint alike
    cdef list fields       # [(code, name, class)]
    cdef dict numbers      # class → number
    cdef Seen[MOST + 1] seen   # what each field is made from → 1 + its class; the classes together → 1 + the answer

    cdef u32 answer(self, PacketRows rows, u64 i, object value, object judge) except? 0xFFFFFFFF
    cdef void forget(self)
