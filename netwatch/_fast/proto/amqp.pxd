"""AMQP; see amqp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void amqp_define(Proto* p) noexcept nogil
