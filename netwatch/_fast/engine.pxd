"""One engine: a table of flows, its parser, its readers."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flows cimport Core
from netwatch._fast.input.source cimport Chunk

cdef class Engine:
    cdef Core core
    cdef readonly u32 shard
    cdef u32 shards
    cdef object history           # keeps what core.series points to
    cdef object observer          # keeps alive what Core.who points to
    cdef object notes             # and core.noted
    cdef object turns             # and core.turns
    cdef void run(self, const Chunk* chunk) noexcept nogil
