"""TLS over TCP. The fact keys are those of tlshello.pxd."""
from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.look.protocol cimport Look, Proto

cdef void tls_define(Proto* p) noexcept nogil
cdef int tls_parse(Look* look, Slice data) noexcept nogil   # also of TLS inside another protocol, look.state its own
cdef void tls_free(void* state) noexcept nogil
