"""For any bytes on any streams, HTTP/3 in decrypted QUIC makes records or none, in bounded memory, and never fails."""

import contextlib

from driver import pack, run, turns_of

from netwatch._fast.engine import Engine
from netwatch._fast.proto import http3
from netwatch.decrypt.budget import Room
from netwatch.decrypt.http3 import Http3
from netwatch.decrypt.qpack import Refused, references
from netwatch.decrypt.quic import FIN, FROM_CLIENT, MISSING_SHIFT, OVER
from netwatch.model.event import Event

STREAMS = (0, 2, 3, 4, 6, 7, 15, 1)
REQUEST = b"\0\1\x0d\0\0\xd1\xd7\xc1P\x04test_"
SEEDS = [
    pack([(0, b"\1\0\4\x05\1P\0\7\x10"), (1, b"\2\0\4\x05\1P\0\7\x10"), (0, REQUEST), (1, b"\0\1\3\0\0\xd9"),
          (1, b"\x08\0\2ok")]),
    pack([(1, b"\5\2?\xe1\x1f\xff\x1d\x85\x98\xb5-;?"), (1, b"\0\1\5\2\x80\xd9\x10"), (0, b"\1\0\4\x03\1P\0")]),
    pack([(1, b"\0\5\x05\3\0\0\xd1\xc1"), (1, b"\6\1\3\1\3\0\0\xd9"), (1, b"\x80\0\2ab")]),
]


def target(data: bytes) -> None:
    engine = Engine()
    first = Event(1, 1, "frames", 1, engine, 0, 0, 0, True, b"", 0, "http3", 0)
    reader = Http3(first, False, Room())
    facts = []
    for side, part in turns_of(data):
        if not part:
            continue
        head, part = part[0], part[1:]
        extra = (FIN if head & 8 else 0) | (0 if side else FROM_CLIENT) | (head >> 6) << MISSING_SHIFT
        for event in reader.take(first._replace(side=side, payload=part, extra=extra, stream=STREAMS[head & 7])):
            assert event.kind in ("http", "streams", "dns")
        assert len(reader._streams) <= 1000
        facts.append((head % 10, part))
        with contextlib.suppress(Refused):
            references(part)
    for event in reader.take(first._replace(extra=OVER)):
        assert event.kind == "http" and event.payload["version"] == "3"
    assert not reader._streams
    http3.label(http3.describe(facts))


if __name__ == "__main__":
    run(target, SEEDS)
