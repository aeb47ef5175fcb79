"""For any bytes, cut in any way, the IMAP parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import imap

if __name__ == "__main__":
    fuzz("imap", imap)
