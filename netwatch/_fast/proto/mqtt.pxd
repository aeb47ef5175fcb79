"""MQTT; see mqtt.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void mqtt_define(Proto* p) noexcept nogil
