"""Tor's own TLS, known by the certificate its relays make for a connection."""
from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.look.protocol cimport Look, Proto

cdef enum:                     # fact keys
    TOR_SUBJECT = 1            # text: common name of the relay's certificate
    TOR_ISSUER = 2

cdef void tor_define(Proto* p) noexcept nogil
cdef void tor_enrolled(int number) noexcept nogil      # the number it was registered under
cdef void tor_certificate(Look* look, Slice der) noexcept nogil
