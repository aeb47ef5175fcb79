"""For any bytes, cut in any way or as datagrams, the DNP3 parser gives the same answer, and its texts are valid."""

from fleet import fuzz

if __name__ == "__main__":
    fuzz("dnp3", udp=True)
