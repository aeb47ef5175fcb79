"""The connection phase of MySQL: greeting and login; see mysqllogin.pyx."""
from netwatch._fast.base.bytes cimport u8, u32, Slice
from netwatch._fast.look.protocol cimport Look

cdef enum:                     # Login.tells
    LOGIN_WHOLE = 0
    LOGIN_TLS = 1              # the fixed part alone: TLS follows
    LOGIN_BROKEN = 2

cdef struct Login:
    u8 tells
    bint compress              # was asked for
    bint clear                 # the password is sent as it is

cdef inline u32 le24(const u8* p) noexcept nogil:
    return p[0] | <u32>p[1] << 8 | <u32>p[2] << 16

cdef void mysql_greeting(Look* look, Slice body) noexcept nogil
cdef Login mysql_login(Look* look, Slice body) noexcept nogil
cdef bint mysql_plugin(Look* look, Slice name) noexcept nogil
