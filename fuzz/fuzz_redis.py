"""For any bytes, cut in any way, the Redis parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import redis

SEEDS = [
    pack(
        [
            (
                0,
                (
                    b"*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$4\r\nfred\r\n$6\r\ns3cret\r\n*"
                    b"3\r\n$3\r\nset\r\n$6\r\nuser:1\r\n$900\r\nvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvvvvvv\r\n*2\r\n$3\r\nGET\r\n$6\r\nuser:2\r\n"
                ),
            ),
            (1, b"-NOAUTH Authentication required.\r\n+OK\r\n$1\r\nx\r\n"),
            (0, b"PING\r\nauth other\r\n"),
        ]
    ),
]


def show(result: tuple) -> None:
    redis.label(redis.describe(result[1]))
    redis.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("redis"), show), SEEDS)
