"""HTTP/1.0 and 1.1 over TCP."""
from netwatch._fast.look.protocol cimport Proto
from netwatch._fast.proto.http.facts cimport *

cdef void http_define(Proto* p) noexcept nogil
