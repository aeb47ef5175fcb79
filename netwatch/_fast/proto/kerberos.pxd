"""Kerberos 5 over UDP and TCP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    KRB_TYPE = 1               # msg-type, 1 byte each
    KRB_REALM = 2
    KRB_CNAME = 3              # components joined by "/"
    KRB_SNAME = 4
    KRB_ERROR = 5              # error-code, 1 byte each
    KRB_LATENCY = 6            # ns
    KRB_ETYPE = 7              # of the newest ticket, 2 bytes

cdef void kerberos_define(Proto* p) noexcept nogil
