"""What a DNS flow remembers: how much was asked and answered, and the queries that wait for their responses."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.look.protocol cimport Look

cdef struct Asked:             # a query waiting for its response
    u64 hash
    u64 ts                     # 0 free

cdef struct Dns:               # `room` Askeds follow
    u32 counts[2]              # queries, responses
    u8 room
    u8 next                    # slot to overwrite when all are taken
    u16 bad
    u16 rcodes                 # of responses, a bit each; what follows begins at a multiple of 8

cdef Dns* state_of(Look* look) noexcept nogil
cdef void remember(Look* look, u64 hash) noexcept nogil
cdef u64 latency(Look* look, Dns* dns, u64 hash) noexcept nogil
