"""OpenVPN over UDP and TCP."""
from netwatch._fast.seam cimport Proto

cdef enum:                     # fact keys
    OVPN_OPCODE = 1            # 1 byte each
    OVPN_CLIENT = 2            # session id, 8 bytes
    OVPN_SERVER = 3
    OVPN_GUARD = 4             # how control packets are protected, 1 byte, GUARD_*
    OVPN_LATENCY = 5           # ns, client reset to server reset

cdef void openvpn_define(Proto* p) noexcept nogil
