"""For any datagrams, WireGuard's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import wireguard

if __name__ == "__main__":
    fuzz("wireguard", wireguard)
