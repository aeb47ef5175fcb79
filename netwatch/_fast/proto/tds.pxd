"""TDS; see tds.pyx."""
from netwatch._fast.seam cimport Proto

cdef void tds_define(Proto* p) noexcept nogil
