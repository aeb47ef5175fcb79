"""How a login ended, by what SESSION_SETUP is answered with in either SMB (MS-SMB2 section 3.2.5.3, MS-ERREF)."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.common.sasl cimport login_answered

cdef enum:
    LOGON_FAILURE = 0xc000006d
    WRONG_PASSWORD = 0xc000006a
    NO_SUCH_USER = 0xc0000064
    LOCKED_OUT = 0xc0000234

cdef inline void session_answered(Look* look, u32 status) noexcept nogil:
    """Other errors say nothing of the credentials. A client may try those of the one who sits there first."""
    if status == 0:
        login_answered(look, True)
    elif status == <u32>LOGON_FAILURE or status == <u32>WRONG_PASSWORD or status == <u32>NO_SUCH_USER or \
            status == <u32>LOCKED_OUT:
        login_answered(look, False)
