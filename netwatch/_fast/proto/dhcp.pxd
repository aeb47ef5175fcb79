"""DHCP for IPv4, and BOOTP, over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    DHCP_TYPE = 1              # message types, 1 byte each, in order of appearance
    DHCP_LAST = 2              # the newest
    DHCP_MAC = 3
    DHCP_HOST = 4              # option 12
    DHCP_REQUESTED = 5         # option 50
    DHCP_VENDOR = 6            # option 60
    DHCP_FQDN = 7              # option 81, with its flags
    DHCP_ADDRESS = 8           # yiaddr
    DHCP_SERVER = 9            # option 54
    DHCP_DOMAIN = 10           # option 15
    DHCP_LEASE = 11            # option 51, s
    DHCP_PARAMS = 12           # option 55
    DHCP_ROUTER = 13           # option 3, first address
    DHCP_DNS = 14              # option 6, addresses
    DHCP_MESSAGE = 15          # option 56

cdef void dhcp_define(Proto* p) noexcept nogil
