"""For any bytes, cut in any way, the SIP parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import sip

if __name__ == "__main__":
    fuzz("sip", sip)
