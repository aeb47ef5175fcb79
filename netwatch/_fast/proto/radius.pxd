"""RADIUS over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    RADIUS_CODE = 1            # 1 byte each
    RADIUS_USER = 2
    RADIUS_NAS = 3             # identifier
    RADIUS_NAS_IP = 4          # 4 bytes
    RADIUS_CALLING = 5
    RADIUS_CALLED = 6
    RADIUS_FRAMED_IP = 7       # 4 bytes
    RADIUS_REPLY = 8
    RADIUS_STATUS = 9          # Acct-Status-Type, 4 bytes
    RADIUS_SESSION = 10
    RADIUS_LATENCY = 11        # ns

cdef void radius_define(Proto* p) noexcept nogil
