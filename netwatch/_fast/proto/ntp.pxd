"""NTP over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    NTP_VERSION = 1            # 1 byte
    NTP_MODE = 2               # 1 byte each
    NTP_STRATUM = 3            # of the newest answer
    NTP_REFID = 4              # stratum, 4 bytes of the newest answer
    NTP_RTT = 5                # ns, the server's own time taken off
    NTP_REQUEST = 6            # mode 7: implementation and request code

cdef void ntp_define(Proto* p) noexcept nogil
