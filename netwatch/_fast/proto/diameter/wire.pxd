"""Diameter; see wire.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void diameter_define(Proto* p) noexcept nogil
