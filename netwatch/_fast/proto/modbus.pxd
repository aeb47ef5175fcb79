"""Modbus/TCP; see modbus.pyx."""
from netwatch._fast.seam cimport Proto

cdef void modbus_define(Proto* p) noexcept nogil
