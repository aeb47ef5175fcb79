"""OpenVPN over UDP and TCP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys beyond those of tlshello.pxd
    OVPN_OPCODE = 32           # 1 byte each
    OVPN_CLIENT = 33           # session id, 8 bytes
    OVPN_SERVER = 34
    OVPN_GUARD = 35            # how control packets are protected, 1 byte, GUARD_*
    OVPN_LATENCY = 36          # ns, client reset to server reset

cdef void openvpn_define(Proto* p) noexcept nogil
