"""Google's QUIC before the IETF's, versions Q024 to Q046, whose ClientHello (CHLO) travels in the clear."""
from netwatch._fast.base.bytes cimport u8, u32, u64, Reader, Slice
from netwatch._fast.look.protocol cimport Look

cdef struct GoogleHeader:
    const u8* version          # 4 characters: Q and three digits
    Slice cid                  # of the connection; empty when it was left out
    u32 size                   # bytes before the packet number

cdef bint google_header(Slice data, GoogleHeader* h) noexcept nogil
cdef bint google_skip_ack(Reader* r, u64 kind) noexcept nogil
cdef bint google_hello(Look* look, const GoogleHeader* h, Slice data) noexcept nogil
