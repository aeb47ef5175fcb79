"""Cassandra's native protocol over TCP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    CQL_PROTOCOL = 1           # version of the first message, 1 byte
    CQL_OPCODE = 2             # 1 byte each
    CQL_VERSION = 3            # of the language
    CQL_COMPRESSION = 4
    CQL_DRIVER = 5
    CQL_DRIVER_VERSION = 6
    CQL_KEYSPACE = 7
    CQL_QUERY = 8
    CQL_AUTHENTICATOR = 9
    CQL_CODE = 10              # of the first error, 8 bytes, native order
    CQL_ERROR = 11
    CQL_SUPPORTED = 12         # name=value
    CQL_INTERNODE = 13         # version of the messages between nodes, 1 byte

cdef void cassandra_define(Proto* p) noexcept nogil
