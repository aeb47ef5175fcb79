"""Kafka; see kafka.pyx."""
from netwatch._fast.seam cimport Proto

cdef void kafka_define(Proto* p) noexcept nogil
