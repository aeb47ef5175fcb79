"""TLS records handed on whole to who may hold the keys."""
from netwatch._fast.base.bytes cimport u64, Slice
from netwatch._fast.look.protocol cimport Look

cdef struct Tap:
    u64 end[2]                 # stream offset up to which a side's bytes were handed on
    bint seeking[2]            # bytes were lost: the next record has to be found
    bint begun[2]
    bint over                  # the clear part has been read

cdef u64 tap_take(Look* look, Tap* tap, Slice data, Slice* records) noexcept nogil
cdef void tap_give(Look* look, Tap* tap, Slice data, Slice records) noexcept nogil
cdef void tap_end(Look* look) noexcept nogil
