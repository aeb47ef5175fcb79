"""For any bytes, cut in any way, the parser of proxy gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import proxy

if __name__ == "__main__":
    fuzz("proxy", proxy)
