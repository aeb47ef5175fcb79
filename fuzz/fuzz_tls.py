"""For any bytes, cut in any way, TLS's parser gives the same answer, and its texts are valid."""

import struct

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto.tls import text as tls


def vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


def ext(kind: int, data: bytes) -> bytes:
    return struct.pack(">H", kind) + vector(2, data)


def record(kind: int, data: bytes) -> bytes:
    return bytes([kind, 3, 3]) + vector(2, data)


EXTS = (
    ext(0, vector(2, b"\0" + vector(2, b"api.example.com")))
    + ext(16, vector(2, b"\x02h2\x08http/1.1"))
    + ext(10, b"\0\x04\x0a\x0a\0\x1d")
    + ext(11, b"\x01\0")
    + ext(13, b"\0\x04\x04\x03\x08\x04")
    + ext(43, b"\x04\x03\x04\x03\x03")
    + ext(0xFE0D, b"x")
)
CLIENT = b"\x01" + vector(
    3, b"\3\3" + b"R" * 32 + vector(1, b"S" * 8) + b"\0\x04\x13\x01\xc0\x2f\x01\0" + vector(2, EXTS)
)
SERVER = b"\x02" + vector(
    3, b"\3\3" + b"Q" * 32 + vector(1, b"S" * 8) + b"\xc0\x2f\0" + vector(2, ext(16, b"\0\x03\x02h2"))
)
CERT = b"\x0b" + vector(3, vector(3, vector(3, b"\x30\x03\x02\x01\x01")))
SEEDS = [
    pack([(0, record(22, CLIENT)), (1, record(22, SERVER + CERT)), (0, record(20, b"\1")), (1, record(20, b"\1"))]),
    pack([(0, record(22, CLIENT[:30]) + record(22, CLIENT[30:])), (1, record(21, b"\2\x28"))]),
    pack([(1, record(23, b"x" * 40) * 3), (0, record(23, b"y" * 20))]),
    pack([(0, b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + b"c" * 37)]),
]


def show(result: tuple) -> None:
    tls.label(tls.describe(result[1]))


if __name__ == "__main__":
    run(streamed(lambda: Probe("tls"), show), SEEDS)
