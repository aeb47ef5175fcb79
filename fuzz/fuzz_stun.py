"""For any bytes, cut in any way, STUN's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import stun

if __name__ == "__main__":
    fuzz("stun", stun, tcp=True)
