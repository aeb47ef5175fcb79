"""For any bytes, cut in any way, WebSocket's parser gives the same answer, and its messages unpack or are left."""

from types import SimpleNamespace
from typing import Any

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import websocket
from netwatch.decrypt.budget import Room
from netwatch.decrypt.websocket import WebSocket

HELLO = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
PACKED = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"
SEEDS = [
    pack([(0, HELLO + b"\x89\x80abcd"), (1, b"\x81\x05Hello\x88\x02\x03\xe8")]),
    pack([(1, PACKED), (0, b"\x01\x03abc\x80\x7e\x00\x80" + bytes(128))]),
    pack([(1, b"\x82\x7f\0\0\0\0\0\x02\0\0" + bytes(99)), (0, b"\x82\x7e\x01\x00" + bytes(256))]),
]


class Frame(SimpleNamespace):
    """As much of an event as the reader looks at."""

    def _replace(self, **changed: Any) -> "Frame":
        return Frame(**{**vars(self), **changed})


def show(result: tuple) -> None:
    websocket.label(websocket.describe(result[1]))
    reader = WebSocket(Room())
    for kind, side, _ts, _extra, payload in result[2]:
        for found in reader.take(Frame(kind=kind, side=side & 1, payload=payload)):
            assert found.kind == "streams" and len(found.payload) <= (1 << 20) + 1


if __name__ == "__main__":
    run(streamed(lambda: Probe("websocket"), show), SEEDS)
