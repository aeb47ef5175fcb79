"""STUN and TURN over UDP and TCP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    STUN_TYPE = 1              # message type, 2 bytes each
    STUN_SOFTWARE = 2
    STUN_USERNAME = 3
    STUN_REALM = 4
    STUN_MAPPED = 5            # address bytes, port 2 bytes
    STUN_ERROR = 6             # code, 2 bytes, and reason
    STUN_RTT = 7               # ns
    STUN_RELAYED = 8           # as STUN_MAPPED
    STUN_CLASSIC = 9           # present: no magic cookie (RFC 3489)
    STUN_PEER = 10             # as STUN_MAPPED
    STUN_MEDIA = 11            # present: RTP follows over TCP

cdef void stun_define(Proto* p) noexcept nogil
