"""Logins in HTTP's header fields; see login.pyx."""
from netwatch._fast.base.bytes cimport u16, u64, Slice
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.http.head cimport Head
from netwatch._fast.proto.http.pair cimport Http

cdef void learn_login(Look* look, Http* http, Head* head) noexcept nogil
cdef u64 learn_basic(Look* look, Slice credentials) noexcept nogil
cdef void learn_denied(Look* look, Http* http, u16 status) noexcept nogil
