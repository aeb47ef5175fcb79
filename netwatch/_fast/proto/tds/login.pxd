"""Logins of TDS; see login.pyx."""
from netwatch._fast.base.bytes cimport u8, u32, Slice
from netwatch._fast.look.protocol cimport Look

cdef enum:                     # fact keys, as in text.py; 1 to 20 and 65 to 84 are those of the TLS inside
    TDS_VERSION = 21           # 4 bytes, big-endian
    TDS_CLIENT = 22            # version of the client's library, 6 bytes
    TDS_SERVER = 23            # ... of the server
    TDS_ENCRYPTION = 24        # what the server chose
    TDS_INSTANCE = 25
    TDS_HOST = 26
    TDS_USER = 27
    TDS_PASSWORD = 28
    TDS_APPLICATION = 29
    TDS_TARGET = 30            # the server the client asks for
    TDS_LIBRARY = 31
    TDS_DATABASE = 32

cdef enum:
    FEW = 4
    OLD_LEAST = 477            # TDS 5.0 functional specification, "Login Record"

cdef bint options_fit(Slice m, u32 whole) noexcept nogil
cdef bint login_fits(Slice m) noexcept nogil
cdef bint old_login_fits(Slice m) noexcept nogil
cdef u8 take_prelogin(Look* look, Slice m, bint client) noexcept nogil
cdef void take_login(Look* look, Slice m) noexcept nogil
cdef void take_old_login(Look* look, Slice m) noexcept nogil
cdef void keep_version(Look* look, u32 version) noexcept nogil
