"""The question "which flows, in what order", asked of the rows in place."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.row cimport Row, Cold, TcpRow
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.program cimport Program

cdef struct Item:          # one matched row while sorting
    u64 key
    u32 row
    u32 spare

cdef void radix(Item** items, Item** other, u32 n) noexcept nogil

cdef class FlowView:
    cdef Flows flows
    cdef Item* items       # the matched rows, in order, after a query
    cdef Item* other       # the sort's second buffer
    cdef u32 cap           # entries of each
    cdef readonly u32 matched
    cdef const u8* extras
    cdef u32 extras_n
    cdef object extras_kept
    cdef dict tables       # field -> {code: value}
    cdef dict attached     # field -> (index, buffer)
    cdef public object record_of
    cdef u32 asked_row     # the row whose record is in `asked`
    cdef object asked
    cdef bint busy

    cdef int bind(self, Row* rows, Cold* colds, TcpRow* tcps, u32 high) except -1
    cdef int idle(self) except -1
    cdef int reserve(self) except -1
    cdef int gather(self, Program program, bint include_ended) except -1
    cdef bint ask(self, predicate, u32 row) except? True
    cdef int order_by_age(self, bint descending) except -1
    cdef int order_by(self, str field, bint descending) except -1
    cdef int order_numbers(self, int col, bint descending) except -1
    cdef int order_codes(self, int col, values, bint descending) except -1
    cdef int order_addresses(self, int col, bint descending) except -1
    cdef int order_texts(self, int col, bint descending) except -1
    cdef int order_records(self, str field, bint descending) except -1
