"""PostgreSQL over TCP; see postgresql.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void postgresql_define(Proto* p) noexcept nogil
