"""For any bytes, cut in any way, the FTP parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import ftp

if __name__ == "__main__":
    fuzz("ftp", ftp)
