"""For any bytes, cut in any way, the SOCKS parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import socks

if __name__ == "__main__":
    fuzz("socks", socks)
