"""For any bytes, cut in any way, the memcached parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import memcached

SEEDS = [
    pack(
        [
            (0, b"set user:1 0 60 5\r\nhello\r\nget user:1\r\nversion\r\n"),
            (1, b"STORED\r\nVALUE user:1 0 5\r\nhello\r\nEND\r\nVERSION 1.6.9\r\n"),
        ]
    ),
    pack(
        [
            (
                0,
                (
                    b"\x80!\x00\x05\x00\x00\x00\x00\x00\x00\x00\x11\x00\x00\x00\x07\x00\x00\x00\x00"
                    b"\x00\x00\x00\x00PLAIN\x00fred\x00s3cret\x80\x00\x00\x06\x00\x00\x00\x00\x00"
                    b"\x00\x00\x06\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00user:1\x80\x01"
                    b"\x00\x01\x08\x00\x00\x00\x00\x00\x00;\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00"
                    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00kvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                    b"vvvvvvvvvvvvvv"
                ),
            ),
            (
                1,
                (
                    b"\x81!\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00"
                    b"\x00\x00\x00\x00\x81\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00"
                    b"\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x"
                ),
            ),
        ]
    ),
]


def show(result: tuple) -> None:
    memcached.label(memcached.describe(result[1]))
    memcached.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("memcached"), show), SEEDS)
