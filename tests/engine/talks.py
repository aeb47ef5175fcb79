"""Whole conversations of HTTP, TLS and DNS over TCP, and ways to cut them into segments."""

from __future__ import annotations

import itertools
import struct
from random import Random

from conversation import CLIENT, SERVER, Talk
from wire import ACK, PSH

Turns = list[tuple[int, bytes]]


def http_talk() -> Turns:
    """Two transactions on one connection, one with a length, one in chunks."""
    page = b"".join(b"line %d of the page\n" % i for i in range(120))
    chunked = b"".join(b"%x\r\n" % len(p) + p + b"\r\n" for p in (b"first part, ", b"second part", b"")) + b""
    return [
        (CLIENT, b"GET /index.html?a=1 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: teller/1\r\n\r\n"),
        (SERVER, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(page) + page),
        (CLIENT, b"POST /form HTTP/1.1\r\nHost: www.example.org\r\nContent-Length: 11\r\n\r\nhello=world"),
        (SERVER, b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked),
    ]


def vector(data: bytes, size: int = 2) -> bytes:
    return len(data).to_bytes(size, "big") + data


def extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">H", kind) + vector(body)


def handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(body, 3)


def tls_record(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + b"\x03\x03" + vector(body)


def tls_talk() -> Turns:
    """A ClientHello of 1.5 kB (RFC 8446 section 4.1.2), a ServerHello, and records nobody can read."""
    name = extension(0, vector(b"\0" + vector(b"secret.example.com")))
    offers = extension(16, vector(vector(b"h2", 1) + vector(b"http/1.1", 1)))
    groups = extension(10, vector(struct.pack(">HHH", 0x11EC, 29, 23)))
    shares = extension(
        51, vector(struct.pack(">H", 0x11EC) + vector(bytes(1216)) + struct.pack(">H", 29) + vector(bytes(32)))
    )
    versions = extension(43, vector(struct.pack(">HH", 0x0304, 0x0303), 1))
    schemes = extension(13, vector(struct.pack(">HH", 0x0403, 0x0804)))
    suites = vector(struct.pack(">HHH", 0x1301, 0x1302, 0xC02F))
    hello = b"\x03\x03" + bytes(32) + vector(bytes(32), 1) + suites + b"\x01\0"
    client = handshake(1, hello + vector(name + offers + groups + shares + versions + schemes))
    answer = b"\x03\x03" + bytes(range(32)) + vector(bytes(32), 1) + struct.pack(">HB", 0x1301, 0)
    chosen = extension(43, b"\x03\x04") + extension(51, struct.pack(">H", 29) + vector(bytes(32)))
    server = handshake(2, answer + vector(chosen))
    return [
        (CLIENT, tls_record(22, client)),
        (SERVER, tls_record(22, server) + tls_record(20, b"\x01") + tls_record(23, bytes(range(200)) * 3)),
        (CLIENT, tls_record(20, b"\x01") + tls_record(23, bytes(80))),
        (SERVER, tls_record(23, bytes(700))),
    ]


def dns_message(ident: int, name: bytes, answer: bytes = b"") -> bytes:
    """A query for A, or with four address bytes the response to it."""
    flags = 0x8180 if answer else 0x0100
    question = b"".join(vector(part, 1) for part in name.split(b".")) + b"\0\0\1\0\1"
    found = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\x04" + answer if answer else b""
    return struct.pack(">HHHHHH", ident, flags, 1, bool(answer), 0, 0) + question + found


def dns_talk() -> Turns:
    return [
        (CLIENT, vector(dns_message(1, b"one.example.net")) + vector(dns_message(2, b"two.example.net"))),
        (
            SERVER,
            vector(dns_message(2, b"two.example.net", b"\x0a\0\0\2"))
            + vector(dns_message(1, b"one.example.net", b"\x0a\0\0\1")),
        ),
    ]


TALKS = {"http": (80, http_talk), "tls": (443, tls_talk), "dns": (53, dns_talk)}


def pieces(size: int, cuts: list[int]) -> list[tuple[int, int]]:
    """The ranges between the cuts, which count modulo the size."""
    edges = sorted({0, size, *(cut % size for cut in cuts)})
    return list(itertools.pairwise(edges))


def shuffled(rng: Random, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbours change places, a few steps at most."""
    return [r for _, r in sorted((i + rng.uniform(0, 4), r) for i, r in enumerate(ranges))]


def tell(
    port: int,
    turns: Turns,
    cuts: list[int] | None = None,
    *,
    isn: tuple[int, int] = (1000, 5000),
    reorder: Random | None = None,
    repeat: Random | None = None,
    forge: Random | None = None,
    drop: tuple[int, int] | None = None,
    handshake: bool = True,
) -> Talk:
    """The conversation in segments. `repeat` sends some again, `forge` sends other bytes for what was sent,
    `drop` leaves out piece (turn, index)."""
    talk = Talk(dport=port, isn=isn)
    if handshake:
        talk.open()
    for number, (side, data) in enumerate(turns):
        base = talk.seq[side]
        ranges = pieces(len(data), cuts or [])
        if drop and drop[0] == number:
            del ranges[drop[1] % len(ranges)]
        for a, b in shuffled(reorder, ranges) if reorder else ranges:
            talk.segment(side, PSH | ACK, data[a:b], seq=base + a)
            if repeat and repeat.random() < 0.5:
                talk.segment(side, PSH | ACK, data[a:b], seq=base + a)
            if forge and forge.random() < 0.5:
                c = forge.randrange(a, b)
                d = forge.randrange(c, b) + 1
                talk.segment(side, PSH | ACK, b"\xee" * (d - c), seq=base + c)
        talk.seq[side] += len(data)
        talk.ack(1 - side)
    return talk.close()
