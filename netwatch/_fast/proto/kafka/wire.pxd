"""Kafka; see kafka.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void kafka_define(Proto* p) noexcept nogil
