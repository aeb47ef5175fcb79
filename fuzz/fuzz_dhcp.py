"""For any datagrams, DHCP's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import dhcp

if __name__ == "__main__":
    fuzz("dhcp", dhcp)
