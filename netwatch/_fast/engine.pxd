"""One engine: a table of flows, its parser, its readers; and the box that carries a chunk of frames between threads."""
from netwatch._fast.bytes cimport u8, u32, u64
from netwatch._fast.flows cimport Core
from netwatch._fast.source cimport Chunk

cdef class Box:
    cdef Chunk* chunk
    cdef readonly long n          # frames in it; 0 at the end of the input, -1 when a live source had none

cdef class Engine:
    cdef Core core
    cdef readonly u32 shard
    cdef u32 shards
    cdef object history           # keeps what core.series points to
    cdef object observer          # keeps alive what Core.who points to
    cdef object notes             # and core.noted
    cdef void run(self, const Chunk* chunk) noexcept nogil
