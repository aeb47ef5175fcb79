"""What services know of flows by row: looked at when a flow is new or has changed, and kept."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.work cimport Work

cdef class RowFollower:
    cdef u32 seen                  # rows 1 .. seen have been looked at

    cdef bint wanted(self) except? True
    cdef int look(self, const Flows* flows, u32 row, Work work) except -1
    cdef int changed(self, const Flows* flows, const u32* rows, u32 n, Work work) except -1
    cdef bint step(self, const Flows* flows, u32 high, Work work) except? True
