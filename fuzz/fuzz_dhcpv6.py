"""For any datagrams, DHCPv6's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import dhcpv6

if __name__ == "__main__":
    fuzz("dhcpv6", dhcpv6)
