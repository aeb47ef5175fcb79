"""DNS over HTTP (RFC 8484): the messages in HTTP/1's requests and responses."""
from netwatch._fast.base.bytes cimport u8, u32, Slice
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.http.pair cimport Way

cdef bint is_doh(Slice content_type) noexcept nogil
cdef bint doh_waits(Look* look, Way* way, u32 n) noexcept nogil
cdef void doh_target(Look* look, Slice target) noexcept nogil
cdef void doh_message(Look* look, const u8* p, u32 n) noexcept nogil
