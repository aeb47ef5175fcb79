"""MySQL and MariaDB over TCP: what is learnt of a flow, for the halves of its reader."""
cdef enum:                     # fact keys
    MYSQL_VERSION = 1          # of the server
    MYSQL_CAPS = 2             # the server's capability flags, 8 bytes, native order
    MYSQL_PLUGIN = 3           # the server's first authentication plugin
    MYSQL_AUTH = 4             # plugins of the login, in order: the last is the one used
    MYSQL_SCHEMA = 5
    MYSQL_ATTRIBUTE = 6        # connection attribute, name=value
    MYSQL_COMMAND = 7          # 1 byte each
    MYSQL_QUERY = 8
    MYSQL_CODE = 9             # of the first error, 8 bytes, native order
    MYSQL_SQLSTATE = 10
    MYSQL_ERROR = 11           # its message
    MYSQL_TLS = 12             # present: the client asked for it
    MYSQL_ZIP = 13             # compression asked for: 1 zlib, 2 Zstandard
    MYSQL_LOGIN = 14           # 1 byte: 1 accepted, 0 refused
