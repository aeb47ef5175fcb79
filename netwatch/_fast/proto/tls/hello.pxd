"""ClientHello and ServerHello, shared by the protocols that carry TLS messages: tls, dtls, quic."""
from netwatch._fast.base.bytes cimport u8, u16, u32, Slice
from netwatch._fast.look.protocol cimport Look

cdef enum:                     # fact keys, the same in every protocol that carries hellos; lists are as on the wire
    TLS_SNI = 1                # text
    TLS_CIPHERS = 2            # offered, 2 bytes each
    TLS_EXTS = 3               # extension types in order, 2 bytes each
    TLS_GROUPS = 4             # 2 bytes each
    TLS_POINTS = 5             # point formats, 1 byte each
    TLS_SIGALGS = 6            # 2 bytes each
    TLS_ALPN = 7               # offered, each with its length byte
    TLS_VERSIONS = 8           # supported_versions, 2 bytes each
    TLS_CLIENT_VERSION = 9     # legacy_version of the ClientHello, 2 bytes
    TLS_SERVER_VERSION = 10    # legacy_version of a ServerHello whose list of extensions is whole, 2 bytes
    TLS_VERSION = 11           # negotiated, 2 bytes
    TLS_CIPHER = 12            # negotiated, 2 bytes
    TLS_SERVER_EXTS = 13       # 2 bytes each
    TLS_ALPN_CHOSEN = 14       # text
    TLS_RESUMED = 15           # 1 byte, 0 or 1
    TLS_CERT = 16              # DER of the leaf
    TLS_ALERT = 17             # level and description, 2 bytes
    TLS_ECH = 18               # empty: the client sent encrypted_client_hello
    TLS_CUT = 19               # empty: the ClientHello was not kept whole, so no fingerprint can be made
    TLS_RETRY = 20             # the server asked for a second ClientHello; the group it wants, 2 bytes or empty
    TLS_CLIENT_CERT = 21       # DER of the client's leaf
    TLS_AGAIN = 64             # added to the keys above: the second ClientHello's lists, the HelloRetryRequest's choice

cdef enum:                     # answers of the two readers
    HELLO_OK = 0
    HELLO_BAD = 1
    HELLO_RETRY = 2            # a HelloRetryRequest

cdef struct Hello:             # what a flow's parser must remember between the two
    u8 sid[32]
    u8 sid_len
    bint asked                 # the client's hello was read
    u16 version                # negotiated, 0 not yet
    bint retried               # a HelloRetryRequest was seen

cdef int client_hello(Look* look, Hello* hello, Slice body, bint dtls) noexcept nogil
cdef void retried_unseen(Look* look, Hello* hello) noexcept nogil
cdef int server_hello(Look* look, Hello* hello, Slice body) noexcept nogil
