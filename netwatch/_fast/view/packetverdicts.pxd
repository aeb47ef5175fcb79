"""Packets judged by what a filter can tell apart."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.view.strings cimport Strings
from netwatch._fast.wire.packetrow cimport PacketRow

cdef enum:
    MOST = 16              # fields
    MORE = 9               # u64 that whoever asks has found out by himself

cdef struct Seen:
    Strings keys           # what was seen
    u32* known             # by number: what is known of it, 0 nothing
    u32 room

cdef struct Near:          # the last value of its hash
    u32 number             # its class, 0 there was none
    u32 n                  # bytes of the key: what the value is made from
    u8[24] key

cdef struct Quick:         # of a field: classes that are found without hashing all of what was seen
    int code
    u8* ports              # of a port, by its number; NULL of other fields
    Near* near

cdef struct Together:      # the last packet of its hash
    u64 key                # the classes of its fields, a byte each
    u32 answer             # and 1, 0 there was none

cdef class PacketVerdicts:
    cdef bint alike
    cdef list fields       # [(code, name, class, of ALIKE)]
    cdef dict numbers      # class → number
    cdef Seen[MOST + 1] seen   # what each field is made from → 1 + its class; the classes together → 1 + the answer
    cdef u32 n_quick       # fields, all of them; 0 where packets are more than their fields are made from
    cdef Quick[8] quick
    cdef Together* together

    cdef int make_quick(self) except -1
    cdef u32 quick_number(self, const Quick* quick, const PacketRow* row) noexcept nogil
    cdef u64 quick_key(self, const PacketRow* row) noexcept nogil
    cdef void keep(self, const PacketRow* row, const u32* numbers, u32 answer) noexcept nogil
    cdef u32 answer(self, PacketRows rows, u64 i, object value, object judge, const u64* more=*,
                    u32 n_more=*) except? 0xFFFFFFFF
    cdef u32 number(self, object found) except 0
    cdef void forget(self)
