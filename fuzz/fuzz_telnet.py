"""For any bytes, cut in any way, the Telnet parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import telnet

if __name__ == "__main__":
    fuzz("telnet", telnet)
