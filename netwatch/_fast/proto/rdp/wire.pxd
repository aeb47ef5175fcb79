"""RDP, its connection sequence."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    RDP_COOKIE = 1             # the line of the connection request, as it stood
    RDP_REQUESTED = 2          # protocols, 1 byte, bits
    RDP_SELECTED = 3           # 1 byte
    RDP_FAILURE = 4            # failure code, 1 byte
    RDP_CLIENT = 5             # computer name, UTF-8
    RDP_VERSION = 6            # of the client, 4 bytes little-endian
    RDP_SERVER_VERSION = 7
    RDP_SIZE = 8               # desktop width, height, 2 bytes each little-endian
    RDP_KEYBOARD = 9           # layout, 4 bytes little-endian
    RDP_BUILD = 10             # 4 bytes little-endian
    RDP_PRODUCT = 11           # clientDigProductId, UTF-8
    RDP_CHANNEL = 12           # name of a static virtual channel
    RDP_METHODS = 13           # encryption methods the client has, 4 bytes little-endian
    RDP_METHOD = 14            # the server's choice, 4 bytes little-endian
    RDP_LEVEL = 15             # 4 bytes little-endian
    RDP_DOMAIN = 16            # of the client info, UTF-8; only where nothing is encrypted
    RDP_USER = 17
    RDP_PASSWORD = 18          # a secret
    RDP_COLOUR = 19            # bits per pixel, 2 bytes little-endian
    RDP_FLAGS = 20             # of the negotiation request, 1 byte

cdef void rdp_define(Proto* p) noexcept nogil
