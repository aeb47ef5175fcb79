"""RTSP; see rtsp.pyx."""
from netwatch._fast.seam cimport Proto

cdef void rtsp_define(Proto* p) noexcept nogil
