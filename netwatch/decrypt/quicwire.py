"""QUIC's packet headers (RFC 9000 section 17) and frames (section 19) as they stand on the wire, once they are open.

What is protected is opened by quickeys.py; nothing here knows a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from netwatch.decrypt import handshake as hs

INITIAL, EARLY, HANDSHAKE, RETRY, NEGOTIATION, ONE_RTT = range(6)  # what a packet is; 0-RTT is EARLY
V2 = 0x6B3343CF  # RFC 9369
LONG = 0x80
CID_MOST = 20

PADDING, PING, ACK, ACK_ECN, RESET_STREAM, STOP_SENDING, CRYPTO, NEW_TOKEN = range(8)
STREAM, LAST_STREAM = 8, 15  # with these bits: FIN, LEN, OFF
NEW_CONNECTION_ID, RETIRE_CONNECTION_ID, PATH_CHALLENGE, PATH_RESPONSE = 0x18, 0x19, 0x1A, 0x1B
CLOSE, APPLICATION_CLOSE, HANDSHAKE_DONE, DATAGRAM, DATAGRAM_LEN = 0x1C, 0x1D, 0x1E, 0x30, 0x31
_CONTENT = re.compile(rb"[^\0]")
# how many numbers follow the type of a frame that holds nothing else
NUMBERS = {PING: 0, STOP_SENDING: 2, 0x10: 1, 0x11: 2, 0x12: 1, 0x13: 1, 0x14: 1, 0x15: 2, 0x16: 1, 0x17: 1,
           HANDSHAKE_DONE: 0, 0x1F: 0, 0xAF: 4, 0x2F5: 1}  # the last three: IMMEDIATE_ACK, ACK_FREQUENCY, TIMESTAMP


class Header(NamedTuple):
    """A packet's header; `number_at` is where its packet number begins, `size` where it ends, from its start."""

    kind: int
    version: int
    dcid: bytes
    scid: bytes
    number_at: int
    size: int


class Frame(NamedTuple):
    """`number` is an offset (CRYPTO, STREAM), a sequence number or an error code; `fin` ends the stream."""

    kind: int
    stream: int
    number: int
    data: bytes
    fin: bool = False


class QuicWire(hs.Wire):
    """Bytes of a packet, with QUIC's integers (section 16)."""

    def varint(self) -> int:
        first = self.number(1)
        size = 1 << (first >> 6)
        return (first & 0x3F) << 8 * (size - 1) | self.number(size - 1)

    def part(self) -> bytes:
        return self.take(self.varint())


def long_header(packet: bytes) -> Header:
    """The header at the start of what is left of a datagram. Raises Broken where it is cut."""
    wire = QuicWire(packet)
    first, version = wire.number(1), wire.number(4)
    dcid, scid = wire.block(1), wire.block(1)
    if len(dcid) > CID_MOST or len(scid) > CID_MOST:
        raise hs.Broken
    if version == 0:
        return Header(NEGOTIATION, 0, dcid, scid, 0, len(packet))
    kind = first >> 4 & 3
    if version == V2:
        kind = (kind + 3) & 3
    if kind == RETRY:
        return Header(RETRY, version, dcid, scid, 0, len(packet))
    if kind == INITIAL:
        wire.part()
    size = wire.varint()
    if size > wire.left:
        raise hs.Broken
    return Header(kind, version, dcid, scid, wire.at, wire.at + size)


def frames(payload: bytes) -> Iterator[Frame]:
    """Those that say something, up to one that is broken or of no type we know. Raises Broken there."""
    wire = QuicWire(payload)
    while wire.left:
        kind = wire.varint()
        if STREAM <= kind <= LAST_STREAM:
            stream = wire.varint()
            offset = wire.varint() if kind & 4 else 0
            yield Frame(STREAM, stream, offset, wire.part() if kind & 2 else wire.take(wire.left), bool(kind & 1))
        elif kind == CRYPTO:
            yield Frame(kind, 0, wire.varint(), wire.part())
        elif kind in (ACK, ACK_ECN):
            _skip_ack(wire, kind == ACK_ECN)
        elif kind in NUMBERS:
            for _ in range(NUMBERS[kind]):
                wire.varint()
        elif kind == PADDING:
            more = _CONTENT.search(payload, wire.at)
            wire.at = more.start() if more else len(payload)
        else:
            yield _rarer(wire, kind)


def _skip_ack(wire: QuicWire, ecn: bool) -> None:
    wire.varint()
    wire.varint()
    ranges = wire.varint()
    for _ in range(1 + 2 * min(ranges, wire.left) + (3 if ecn else 0)):
        wire.varint()


def _rarer(wire: QuicWire, kind: int) -> Frame:
    if kind == RESET_STREAM:
        stream, code = wire.varint(), wire.varint()
        wire.varint()
        return Frame(kind, stream, code, b"")
    if kind == NEW_TOKEN:
        return Frame(kind, 0, 0, wire.part())
    if kind == NEW_CONNECTION_ID:
        number = wire.varint()
        wire.varint()
        cid = wire.block(1)
        wire.take(16)
        return Frame(kind, 0, number, cid)
    if kind == RETIRE_CONNECTION_ID:
        return Frame(kind, 0, wire.varint(), b"")
    if kind in (PATH_CHALLENGE, PATH_RESPONSE):
        return Frame(kind, 0, 0, wire.take(8))
    if kind in (CLOSE, APPLICATION_CLOSE):
        code = wire.varint()
        if kind == CLOSE:
            wire.varint()
        return Frame(kind, 0, code, wire.part())
    if kind in (DATAGRAM, DATAGRAM_LEN):
        return Frame(DATAGRAM, 0, 0, wire.part() if kind == DATAGRAM_LEN else wire.take(wire.left))
    raise hs.Broken
