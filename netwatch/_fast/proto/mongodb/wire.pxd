"""MongoDB over TCP."""
from netwatch._fast.look.protocol cimport Proto
from netwatch._fast.proto.mongodb.facts cimport *

cdef void mongodb_define(Proto* p) noexcept nogil
