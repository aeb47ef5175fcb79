"""SNMP over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    SNMP_VERSION = 1           # 1 byte, as on the wire
    SNMP_COMMUNITY = 2         # a secret
    SNMP_PDU = 3               # context tag, 1 byte each
    SNMP_OID = 4               # BER content
    SNMP_ERROR = 5             # error-status, 1 byte, of the newest response
    SNMP_USER = 6              # v3
    SNMP_ENGINE = 7            # v3 authoritative engine
    SNMP_FLAGS = 8             # v3 msgFlags
    SNMP_LATENCY = 9           # ns

cdef void snmp_define(Proto* p) noexcept nogil
