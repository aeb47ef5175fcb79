"""For any bytes, cut in any way, the XMPP parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import xmpp

if __name__ == "__main__":
    fuzz("xmpp", xmpp)
