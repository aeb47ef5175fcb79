"""For any bytes, cut in any way, the SSH parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import ssh

if __name__ == "__main__":
    fuzz("ssh", ssh)
