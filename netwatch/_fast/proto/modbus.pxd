"""Modbus/TCP; see modbus.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void modbus_define(Proto* p) noexcept nogil
