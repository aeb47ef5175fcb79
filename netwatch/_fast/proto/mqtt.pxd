"""MQTT; see mqtt.pyx."""
from netwatch._fast.seam cimport Proto

cdef void mqtt_define(Proto* p) noexcept nogil
