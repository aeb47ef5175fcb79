"""For any bytes, cut in any way, the SMTP parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import smtp

if __name__ == "__main__":
    fuzz("smtp", smtp)
