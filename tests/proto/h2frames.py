"""HTTP/2 frames made by hand (RFC 9113 section 4.1), and conversations of them."""

from __future__ import annotations

import struct

from hpack import Encoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32

Turns = list[tuple[int, bytes]]


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def settings(*pairs: tuple[int, int]) -> bytes:
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def request(encoder: Encoder, path: str, stream: int, *more: tuple[str, str], end: bool = True) -> bytes:
    fields = [(":method", "GET" if end else "POST"), (":scheme", "http"), (":authority", "h2.example"), (":path", path)]
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, encoder.encode(fields + list(more)))


def response(encoder: Encoder, stream: int, body: bytes, *more: tuple[str, str], status: str = "200") -> bytes:
    head = frame(HEADERS, END_HEADERS, stream, encoder.encode([(":status", status), *more]))
    return head + frame(DATA, END_STREAM, stream, body)


def plain_talk() -> Turns:
    """Two requests, the second answered first."""
    client, server = Encoder(), Encoder()
    return [
        (0, PREFACE + settings((2, 0), (4, 65535)) + request(client, "/one", 1, ("user-agent", "teller/2"))),
        (1, settings((3, 100)) + frame(SETTINGS, 1, 0)),
        (0, request(client, "/two?x=1", 3, ("cookie", "id=secret"))),
        (1, response(server, 3, b"second", ("content-type", "text/plain")) + response(server, 1, b"first")),
        (1, frame(GOAWAY, 0, 0, struct.pack(">II", 3, 11))),
    ]
