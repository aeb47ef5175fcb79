"""For any bytes, cut in any way, the IRC parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import irc

if __name__ == "__main__":
    fuzz("irc", irc)
