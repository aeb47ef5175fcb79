"""MySQL and MariaDB over TCP."""
from netwatch._fast.look.protocol cimport Proto
from netwatch._fast.proto.mysql.facts cimport *

cdef void mysql_define(Proto* p) noexcept nogil
