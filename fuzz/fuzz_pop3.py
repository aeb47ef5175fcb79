"""For any bytes, cut in any way, the POP3 parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import pop3

if __name__ == "__main__":
    fuzz("pop3", pop3)
