"""For any bytes, cut in any way, the Redis parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import redis

if __name__ == "__main__":
    fuzz("redis", redis)
