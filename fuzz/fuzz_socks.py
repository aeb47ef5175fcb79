"""For any bytes, cut in any way, the SOCKS parser does no harm, and its answer does not depend on the cuts."""

from stream import fuzz

from netwatch._fast.proto import socks

if __name__ == "__main__":
    fuzz("socks", socks)
