"""What flows are put together by: one part of the key of a group."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.series cimport Series
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.query cimport FlowView

cdef enum:
    MAX_COLUMNS = 4
    WORDS = 3                  # of a part: upper and lower half of the address, or 0 and a code; kind
    KIND_NONE = 0              # nothing is known; from 1: 1 + place of the column
    KIND_ADDRESS = 16          # + FAMILY_*

cdef struct KeyColumn:
    int col
    bint texts                 # the codes are numbers of texts, or LISTED + places of what is none
    bint steps                 # a duration, by powers of two of microseconds
    const u32* codes           # by what the row has: what it is put together by, 0 nothing; NULL: by that itself
    u64 top                    # ... how many

cdef class GroupBy:
    cdef FlowView view
    cdef readonly tuple fields  # tuple[str | tuple[str, tuple[str, ...]], ...]: as they were given
    cdef int end               # COL_SRC, COL_DST, 0 none
    cdef bint other_end        # the remote one
    cdef bint of_responder     # fields say nothing where that is the initiator
    cdef readonly bint each_end    # either: a flow belongs to two groups
    cdef bint steps
    cdef KeyColumn columns[MAX_COLUMNS]
    cdef int n
    cdef GroupBy following     # the next part of the key
    cdef list kinds, names, values, kept   # of each column

    cdef void key(self, const Flows* t, const Series* here, u32 row, int side, u64* words) noexcept nogil
    cdef void part(self, const Flows* t, const Series* here, u32 row, int side, u64* words) noexcept nogil
    cdef u64 rank(self, const u64* words) noexcept nogil
    cdef tuple shown(self, const u64* words)
    cdef bint find(self, name, value, u64* words) except? False

cdef bint end_of(const Flows* t, const Series* here, u32 row, int end, bint other, u64* words) noexcept nogil
