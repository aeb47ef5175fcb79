"""The registry of protocols."""
from netwatch._fast.base.bytes cimport u16, u32, Slice
from netwatch._fast.look.protocol cimport Look, Proto

cdef int enroll(void (*define)(Proto*) noexcept nogil) except -1
cdef const Proto* proto_at(int number) noexcept nogil
cdef int proto_named(const char* name) noexcept nogil
cdef bint own_port(u16 port) noexcept nogil
cdef int best(Look* look, Slice data, int on, bint* more) noexcept nogil
cdef int best_owner(Look* look, Slice data, int on, u16 port) noexcept nogil
cdef u32 said(Slice data) noexcept nogil
cdef bint begins_late(Slice data) noexcept nogil
cdef bint may_be_path(Slice data) noexcept nogil
