"""For any datagrams, NTP's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import ntp

if __name__ == "__main__":
    fuzz("ntp", ntp)
