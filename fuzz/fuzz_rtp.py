"""For any datagrams, RTP's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import rtp

if __name__ == "__main__":
    fuzz("rtp", rtp)
