"""For any bytes the SOCKS parser does no harm, and its texts are valid.

A conversation that is joined behind its greeting is known by a message that fills its segment: so the answer does
depend on the cuts there, which is open.
"""

from stream import fuzz

from netwatch._fast.proto import socks

if __name__ == "__main__":
    fuzz("socks", socks, by_segments=True)
