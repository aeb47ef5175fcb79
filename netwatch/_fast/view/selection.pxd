"""The flows that pass a filter, in an order."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.view.order cimport Item
from netwatch._fast.view.program cimport Program
from netwatch._fast.view.query cimport FlowView

cdef class Selection:
    cdef readonly FlowView view
    cdef Program program           # NULL: every flow
    cdef bint ended                # ended flows too
    cdef u64 newest                # flows with a greater key began later than the question
    cdef u64 now
    cdef Item* items               # [0..matched)
    cdef Item* other
    cdef u32 cap
    cdef readonly u32 matched
    cdef u32 at                    # where the step that is being done goes on
    cdef bint wide                 # an address that was sorted by is IPv6
    cdef dict told                 # (predicate, number) -> what Python said

    cdef int open(self) except -1
    cdef bint find(self) except? True
    cdef bint ask(self, u16 op, u32 row) except? True
    cdef bint stands(self, u32 row) noexcept nogil
    cdef bint fill_numbers(self, int col, bint descending) except? True
    cdef bint fill_ranks(self, int col, ranks, bint descending) except? True
    cdef bint fill_addresses(self, int col, int part, bint descending) except? True
