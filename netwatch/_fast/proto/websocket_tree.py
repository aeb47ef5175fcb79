"""Fields of WebSocket's frames, RFC 6455 section 5.2; before them the request and answer of HTTP that open it."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Lines, Raw, hexed, texty, u8, u16, u64

OPS = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}


def _is_http(data: bytes) -> bool:
    return data.startswith((b"GET ", b"HTTP/1."))


def _size(data: bytes) -> int:
    if _is_http(data):
        return texty(data)
    if len(data) < 2 or data[0] & 15 not in OPS or data[0] & 0x30:
        return 0
    size, more = data[1] & 127, 2
    if size > 125:
        wide = 2 if size == 126 else 8
        size, more = int.from_bytes(data[2 : 2 + wide], "big"), 2 + wide
    return more + size + (4 if data[1] & 128 else 0)


TREE = Layout(
    "websocket",
    "WebSocket",
    (
        Choice(
            lambda at, seen: _is_http(at.data[at.at : at.at + 8]),
            {
                True: (
                    Lines(
                        "http.line",
                        (
                            (rb"([A-Z]+) (\S+) HTTP", (("http.request.method", "Method"), ("http.request.uri", "URI"))),
                            (rb"HTTP/1\.1 (\d{3})", (("http.response.code", "Code"),)),
                        ),
                        True,
                    ),
                )
            },
            (
                u8(
                    "websocket.head",
                    "Head",
                    base="x",
                    bits=(
                        Bits("websocket.fin", "Last of its message", 0x80),
                        Bits("websocket.rsv", "Reserved", 0x70),
                        Bits("websocket.opcode", "Kind", 0x0F, OPS),
                    ),
                ),
                u8(
                    "websocket.second",
                    "Mask and length",
                    base="x",
                    bits=(Bits("websocket.mask", "Masked", 0x80), Bits("websocket.payload_length", "Length", 0x7F)),
                ),
                Choice(
                    "websocket.payload_length",
                    {
                        126: (u16("websocket.payload_length_ext_16", "Length", unit=" B"),),
                        127: (u64("websocket.payload_length_ext_64", "Length"),),
                    },
                ),
                Choice(
                    "websocket.mask",
                    {
                        1: (
                            hexed("websocket.masking_key", "Masking key", 4),
                            Raw("websocket.payload", "Payload, masked"),
                        )
                    },
                    (Raw("websocket.payload", "Payload"),),
                ),
            ),
        ),
    ),
    "{websocket.opcode} {line}",
    _size,
)
