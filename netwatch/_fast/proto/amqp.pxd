"""AMQP; see amqp.pyx."""
from netwatch._fast.seam cimport Proto

cdef void amqp_define(Proto* p) noexcept nogil
