"""For any bytes, cut in any way, the memcached parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import memcached

if __name__ == "__main__":
    fuzz("memcached", memcached)
