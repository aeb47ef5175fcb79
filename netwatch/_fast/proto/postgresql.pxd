"""PostgreSQL over TCP; see postgresql.pyx."""
from netwatch._fast.seam cimport Proto

cdef void postgresql_define(Proto* p) noexcept nogil
