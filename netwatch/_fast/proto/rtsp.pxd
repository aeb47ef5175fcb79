"""RTSP; see rtsp.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void rtsp_define(Proto* p) noexcept nogil
