"""CoAP over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    COAP_METHOD = 1            # code, 1 byte each
    COAP_CODE = 2              # response code, 1 byte each
    COAP_PATH = 3              # Uri-Path segments joined by "/"
    COAP_HOST = 4
    COAP_FORMAT = 5            # Content-Format, 2 bytes
    COAP_LATENCY = 6           # ns

cdef void coap_define(Proto* p) noexcept nogil
