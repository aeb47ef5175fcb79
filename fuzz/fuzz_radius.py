"""For any datagrams, RADIUS's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import radius

if __name__ == "__main__":
    fuzz("radius", radius)
