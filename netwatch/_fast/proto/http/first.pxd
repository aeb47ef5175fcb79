"""A flow's first transaction; see first.pyx."""
from netwatch._fast.base.bytes cimport u8, u64
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.http.head cimport Head
from netwatch._fast.proto.http.pair cimport Http

cdef void learn_first(Look* look, Http* http, const Head* head, u64 at) noexcept nogil
cdef void learn_answer(Look* look, Http* http, const Head* head, const u8* status) noexcept nogil
cdef void forget_stranger(Look* look, Http* http) noexcept nogil
