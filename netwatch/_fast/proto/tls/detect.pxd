"""What TLS records and handshake messages begin with, and how sure that makes."""
from netwatch._fast.base.bytes cimport u8, u32, Slice
from netwatch._fast.look.protocol cimport Look

cdef enum:                     # record types, RFC 8446 section 5.1; heartbeat is RFC 6520
    REC_CCS = 20
    REC_ALERT = 21
    REC_HANDSHAKE = 22
    REC_DATA = 23
    REC_HEARTBEAT = 24

cdef enum:                     # handshake types, RFC 8446 section 4, RFC 5246 section 7.4, RFC 6066 section 8
    HS_CLIENT_HELLO = 1
    HS_SERVER_HELLO = 2
    HS_TICKET = 4
    HS_CERTIFICATE = 11
    HS_DONE = 14
    HS_CLIENT_KEY = 16
    HS_STATUS = 22

cdef enum:
    HELLO_SURE = 98            # what detect says of a ClientHello, of whose head 54 bits are fixed, and of nothing else
    SURE_MESSAGES = 80         # ... of whole messages whose lengths agree, at least
    RECORD_HEAD = 5
    MESSAGE_HEAD = 4
    MAX_RECORD = 16384 + 2048  # RFC 5246 section 6.2.3
    MAX_HELLO = 65536          # a longer hello is taken for damage
    CERT_HEAD = 6              # length of the list and of its first entry

cdef int tls_detect(Look* look, Slice data) noexcept nogil
cdef int detect_record(const u8* p, u32 n) noexcept nogil
cdef int detect_ssl2(const u8* p, u32 n) noexcept nogil
