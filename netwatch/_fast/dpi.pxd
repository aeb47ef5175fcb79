"""The registry of protocols."""
from netwatch._fast.bytes cimport Slice
from netwatch._fast.seam cimport Look, Proto

cdef const Proto* proto_at(int number) noexcept nogil
cdef int best(Look* look, Slice data, bint udp, bint* more) noexcept nogil
