"""LDAP over TCP, and CLDAP over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    LDAP_OP = 1                # APPLICATION tag number, 1 byte each
    LDAP_BIND = 2              # DN or name of a bind
    LDAP_PASSWORD = 3          # a secret
    LDAP_MECHANISM = 4         # SASL
    LDAP_BASE = 5              # search base
    LDAP_DN = 6                # object of an add, delete, modify, compare
    LDAP_RESULT = 7            # result code, 1 byte, of the newest answer
    LDAP_MESSAGE = 8           # diagnostic message
    LDAP_EXTENDED = 9          # name of an extended request
    LDAP_LATENCY = 10          # ns
    LDAP_STARTTLS = 11         # present: agreed
    LDAP_ENTRIES = 12          # 8 bytes, native order
    LDAP_ATTRIBUTE = 13        # asked for in a search

cdef void ldap_define(Proto* p) noexcept nogil
