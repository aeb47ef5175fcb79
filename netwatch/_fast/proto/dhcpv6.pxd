"""DHCP for IPv6 over UDP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    DHCPV6_TYPE = 1            # message types, 1 byte each; inside relay messages too
    DHCPV6_CLIENT = 2          # DUID
    DHCPV6_SERVER = 3          # DUID
    DHCPV6_ADDRESS = 4         # 16 bytes
    DHCPV6_PREFIX = 5          # length, 16 bytes
    DHCPV6_FQDN = 6            # DNS labels
    DHCPV6_VENDOR = 7          # enterprise number, 4 bytes, and first vendor class
    DHCPV6_DNS = 8             # 16 bytes each
    DHCPV6_DOMAIN = 9          # DNS labels
    DHCPV6_STATUS = 10         # 2 bytes
    DHCPV6_LATENCY = 11        # ns

cdef void dhcpv6_define(Proto* p) noexcept nogil
