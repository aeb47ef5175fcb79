"""Regular expressions on how the ends of flows are written."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.conditions cimport Answers

cdef enum:
    ROWS = 1024                # rows whose ends are written at once
    WIDEST = 64                # bytes of an end, its line feed included

cdef class EndpointAnswers(Answers):
    cdef const Flows* flows
    cdef int columns[2]
    cdef int n_columns
    cdef bint ports
    cdef object regex
    cdef char lines[2 * ROWS * WIDEST]
    cdef u32 row[2 * ROWS]     # of each line
    cdef u32 starts[2 * ROWS + 1]

    cdef u32 write(self, u32 first, u32 last) noexcept nogil
    cdef int find(self, u32 lines) except -1
