"""For any bytes, cut in any way, the rsync parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import rsync

if __name__ == "__main__":
    fuzz("rsync", rsync)
