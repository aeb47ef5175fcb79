"""For any datagrams, RTCP's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import rtcp

if __name__ == "__main__":
    fuzz("rtcp", rtcp)
