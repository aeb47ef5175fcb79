"""For any bytes, cut in any way, HTTP/2's frames come out the same, and what is in them can be made into records."""

import random

from driver import pack, run, streamed, turns_of

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto.http2 import text as http2
from netwatch.decrypt.budget import Room
from netwatch.decrypt.transaction import Transaction, fields_of

HEAD = b"\x82\x84\x86\x41\x8a\xa0\xe4\x1d\x13\x9d\x09\xb8\xf0\x1e\x07\x7f"
SETTINGS = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"
SEEDS = [
    pack([(0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS + b"\0\0\x10\x01\x05\0\0\0\x01" + HEAD),
          (1, SETTINGS + b"\0\0\x01\x01\x04\0\0\0\x01\x88" + b"\0\0\x05\0\x09\0\0\0\x01\x01hel\0")]),
    pack([(0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0" + b"\0\0\x05\x01\x01\0\0\0\x03" + HEAD[:5]
          + b"\0\0\x0b\x09\x04\0\0\0\x03" + HEAD[5:]),
          (1, SETTINGS + b"\0\0\x05\x05\x04\0\0\0\x01\0\0\0\x02\x82" + b"\0\0\x08\x07\0\0\0\0\0" + bytes(8))]),
]
cut_apart = streamed(lambda: Probe("http2"), lambda result: http2.label(http2.describe(result[1])))


def target(data: bytes) -> None:
    cut_apart(data)
    transaction = Transaction()
    rng = random.Random(len(data))
    for side, part in turns_of(data):
        message = transaction.response if side else transaction.request
        names = (b":path", b":status", b":method", b"content-encoding", b"content-type", b"cookie", part[:9])
        message.head([(rng.choice(names), part[at : at + 40]) for at in range(0, min(len(part), 400), 40)], 1)
        message.content(part, len(part), 2, Room())
    transaction.record("2", bool(len(data) & 1))
    fields_of(transaction.response.fields, True)


if __name__ == "__main__":
    run(target, SEEDS)
