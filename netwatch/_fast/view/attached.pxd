"""Columns that are kept beside the rows, by whoever works them out."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport CodeColumn

cdef class RowCodes:
    cdef CodeColumn column
    cdef bint keyed, numbers

    cdef int room(self, u32 rows) except -1
    cdef void* wider(self, void* p, u32 n, size_t size) except NULL
