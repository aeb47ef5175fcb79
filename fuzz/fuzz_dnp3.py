"""For any bytes, cut in any way or as datagrams, the DNP3 parser gives the same answer, and its texts are valid."""

from infrastructure import fuzz

from netwatch._fast.proto import dnp3

if __name__ == "__main__":
    fuzz("dnp3", dnp3, udp=True)
