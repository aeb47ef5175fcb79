"""A flow by engine, row and generation."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.out.flowfields cimport FlowAt

cdef bytes packed(const u8* address, u8 family)

cdef class RawFlow:
    cdef readonly Engine engine
    cdef readonly u32 row
    cdef readonly u64 key          # of the flow that was meant: the row may become another's

    cdef bint at(self, FlowAt* out) noexcept
