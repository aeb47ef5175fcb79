"""RFB, the protocol of VNC."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    VNC_SERVER = 1             # version as it stood, "003.008"
    VNC_CLIENT = 2
    VNC_OFFERED = 3            # security types, 1 byte each
    VNC_CHOSEN = 4
    VNC_RESULT = 5             # security result, 1 byte
    VNC_REASON = 6             # why not
    VNC_NAME = 7               # of the desktop
    VNC_SIZE = 8               # width, height, 2 bytes each
    VNC_SHARED = 9             # 1 byte
    VNC_FORMAT = 10            # bits per pixel, depth
    VNC_SUBTYPE = 11           # VeNCrypt's, 4 bytes
    VNC_USER = 12              # VeNCrypt plain
    VNC_PASSWORD = 13

cdef void vnc_define(Proto* p) noexcept nogil
