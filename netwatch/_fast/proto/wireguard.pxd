"""WireGuard over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    WG_TYPE = 1                # message type, 1 byte each
    WG_INDEX = 2               # sender index of initiation and response, 4 bytes little-endian
    WG_LATENCY = 3             # ns, initiation to response

cdef void wireguard_define(Proto* p) noexcept nogil
