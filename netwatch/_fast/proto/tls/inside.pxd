"""TLS carried in the messages of another protocol, which hands over its bytes in order. What is learnt stands among
that protocol's facts, under the keys of tlshello.pxd; its own keys must keep clear of 1 to 20 and of 65 to 84."""
from netwatch._fast.base.bytes cimport u8, u32, u64, Slice
from netwatch._fast.look.protocol cimport Look

cdef struct InnerSide:
    u8* buf                    # handed over, not used yet
    u32 len
    u32 cap
    u32 need                   # before so many are there, nothing can go on
    u64 skip                   # bytes that nobody wants to see

cdef struct InnerTls:
    void* tls                  # the state of tls.pyx
    InnerSide side[2]
    bint over                  # nothing more is to be learnt

cdef void inner_put(Look* look, InnerTls* t, Slice data) noexcept nogil
cdef void inner_free(InnerTls* t) noexcept nogil
