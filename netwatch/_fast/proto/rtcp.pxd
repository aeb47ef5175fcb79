"""RTCP over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    RTCP_TYPE = 1              # packet type, 1 byte each
    RTCP_SSRC = 2              # of the sender, 4 bytes each
    RTCP_CNAME = 3
    RTCP_TOOL = 4
    RTCP_LOSS = 5              # fraction lost, 1 byte, of the newest report
    RTCP_JITTER = 6            # 4 bytes, of the newest report, in units of the media clock
    RTCP_BYE = 7               # reason

cdef void rtcp_define(Proto* p) noexcept nogil
