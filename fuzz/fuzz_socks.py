"""For any bytes, cut in any way, the SOCKS parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import socks

SEEDS = [
    pack(
        [
            (0, b"\x05\x02\x00\x02"),
            (1, b"\x05\x02"),
            (0, b"\x01\x04fred\x06s3cret"),
            (1, b"\x01\x00"),
            (0, b"\x05\x01\x00\x03\x0fwww.example.com\x01\xbb"),
            (1, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
        ]
    ),
    pack(
        [
            (0, b"\x04\x01\x00P\x00\x00\x00\x01fred\x00example.com\x00"),
            (1, b"\x00Z\x00\x00\x00\x00\x00\x00"),
        ]
    ),
    pack(
        [
            (0, b"\x05\x01\x00"),
            (1, b"\x05\x00"),
            (0, (b"\x05\x01\x00\x04 \x01\r\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00P")),
            (1, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"),
        ]
    ),
]


def show(result: tuple) -> None:
    socks.label(socks.describe(result[1]))
    socks.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("socks"), show), SEEDS)
