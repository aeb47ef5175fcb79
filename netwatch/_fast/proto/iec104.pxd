"""IEC 60870-5-104; see iec104.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void iec104_define(Proto* p) noexcept nogil
