"""For any bytes, cut in any way, the syslog parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import syslog

if __name__ == "__main__":
    fuzz("syslog", syslog)
