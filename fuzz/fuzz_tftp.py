"""For any datagrams, TFTP's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import tftp

if __name__ == "__main__":
    fuzz("tftp", tftp)
