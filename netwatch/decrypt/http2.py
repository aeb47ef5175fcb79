"""HTTP/2 connections (RFC 9113) from the frames that _fast/proto/http2/wire.pyx cuts out: transactions with headers.

Headers are unpacked by hpacktable.py, one state per direction. Behind lost frames, and where a connection was joined
late, what refers to fields of those is left out; a connection whose headers do not unpack is left alone from there on.
All is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch._fast.proto.dns.text import message as dns_message
from netwatch.decrypt.budget import ENTRY_COST, Fields
from netwatch.decrypt.httpfacts import HttpFacts
from netwatch.decrypt.transaction import Transaction, head_text

if TYPE_CHECKING:
    from netwatch.decrypt.budget import Room
    from netwatch.model.event import Event

DATA, HEADERS, RST_STREAM, PUSH_PROMISE, CONTINUATION = 0, 1, 3, 5, 9
UPGRADED = 255  # of wire.pyx: what HTTP/1 asked for
MISSING = 254  # the same: frames of the side were not seen
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32
MAX_STREAMS = 1000  # open at once; the oldest is reported as it is
MAX_BLOCK = 262144  # bytes of one list of header fields, as sent and as unpacked
MAX_TABLE = 65536  # bytes of a decoder's table
PUSHED = 1 << 8  # with the flags of a frame: its block came in a PUSH_PROMISE


class Http2:
    """One connection. Frames in, http and streams events out."""

    def __init__(self, first: Event, show_secrets: bool, room: Room | None, heads: bool = False) -> None:
        """`room` for the content, where somebody wants it; `heads`: lists of header fields are told as well."""
        from netwatch.decrypt.hpacktable import FieldsDecoder  # a twentieth of a second that only HTTP/2 pays for

        self._flow = first
        self._facts = HttpFacts("http2", "2", first, show_secrets)
        self._room = room
        self._tells = heads
        self._decoders = [FieldsDecoder(MAX_BLOCK, MAX_TABLE), FieldsDecoder(MAX_BLOCK, MAX_TABLE)]
        self._streams: dict[int, Transaction] = {}
        self._blocks: dict[int, tuple[int, int, bytearray]] = {}  # by side: stream, flags, what came
        self._held = 0  # bytes of transactions
        self._client = -1  # the side that opens streams
        self._dead = False

    @property
    def held(self) -> int:
        """Bytes."""
        entries = sum(decoder.entries for decoder in self._decoders)
        return self._held + ENTRY_COST * entries + sum(len(block[2]) for block in self._blocks.values())

    def close(self) -> list[Event]:
        """Let go of everything: what is known of each transaction is all there will be."""
        self._dead, self._blocks, self._decoders = True, {}, []
        return [self._report(stream) for stream in list(self._streams)]

    def take(self, event: Event) -> list[Event]:
        """One frame, or the end (an event without bytes)."""
        self._flow = event
        if not event.payload:
            return self.close()
        if self._dead or len(event.payload) < 9:
            return []
        try:
            return self._frame(event.side, event.payload)
        except (ValueError, IndexError, _hpack_error()):
            self._lose(0)
            self._lose(1)
            return self.close()

    def _frame(self, side: int, frame: bytes) -> list[Event]:
        size, kind, flags = int.from_bytes(frame[:3], "big"), frame[3], frame[4]
        stream = int.from_bytes(frame[5:9], "big") & 0x7FFFFFFF
        payload = frame[9:]
        if kind == MISSING:
            self._blocks.pop(side, None)
            self._decoders[side].lose()
            self._lose(side)
            return []
        begun = self._blocks.pop(side, None)
        if begun is not None and (kind != CONTINUATION or stream != begun[0]):
            raise ValueError("a header block was not continued")  # section 6.10
        if kind == UPGRADED and len(payload) > size:
            self._upgraded(side if flags else 1 - side, payload)
            return []
        if kind == DATA:
            return self._data(side, stream, flags, payload, size)
        if len(payload) < size:
            raise ValueError("a frame too long to keep")
        if kind == HEADERS:
            payload = _unpadded(flags, payload)
            return self._headers(side, stream, flags, payload[5:] if flags & PRIORITY else payload)
        elif kind == PUSH_PROMISE:
            payload = _unpadded(flags, payload)
            promised = int.from_bytes(payload[:4], "big") & 0x7FFFFFFF
            return self._headers(side, promised, (flags & END_HEADERS) | PUSHED, payload[4:])
        elif kind == CONTINUATION and begun is not None:
            block = begun[2]
            block += payload
            return self._headers(side, stream, begun[1] | (flags & END_HEADERS), block)
        elif kind == RST_STREAM and stream in self._streams:
            return [self._report(stream)]
        return []

    def _lose(self, side: int) -> None:
        """What the side says next is not known: how large the messages are that it is sending will not be."""
        for transaction in self._streams.values():
            message = transaction.request if side == self._client else transaction.response
            if not message.ended:
                self._held -= message.held
                message.lose(sized=False)
                self._held += message.held

    def _upgraded(self, client: int, payload: bytes) -> None:
        """Stream 1 answers a request that HTTP/1 made (RFC 7540 section 3.2), with its own record."""
        transaction, self._client = Transaction(), client
        names = (b":method", b":path", b":authority")
        request = transaction.request
        request.head([pair for pair in zip(names, payload.split(b"\0"), strict=False) if pair[1]], 0)
        request.ended = request.elsewhere = True
        self._streams[1] = transaction
        self._held += transaction.held

    def _headers(self, side: int, stream: int, flags: int, block: bytes | bytearray) -> list[Event]:
        if len(block) > MAX_BLOCK:
            raise ValueError("a header block too long to keep")
        if not flags & END_HEADERS:
            self._blocks[side] = (stream, flags, block if isinstance(block, bytearray) else bytearray(block))
            return []
        fields: Fields = self._decoders[side].decode(bytes(block))
        found = []
        if stream not in self._streams and len(self._streams) >= MAX_STREAMS:
            found.append(self._report(next(iter(self._streams))))
        names = {key for key, _ in fields}
        if self._client < 0 and not self._knows_client(side, names, bool(flags & PUSHED)):
            return []
        is_request = bool(flags & PUSHED) or side == self._client
        if stream not in self._streams:
            self._streams[stream] = Transaction()
            self._held += self._streams[stream].held
        transaction = self._streams[stream]
        message = transaction.request if is_request else transaction.response
        self._held -= message.held
        message.head(fields, self._flow.time_ns)
        self._held += message.held
        self._facts.learn(stream, transaction, is_request)
        if self._tells:
            told = head_text(fields, "HTTP/2")
            found.append(self._flow._replace(kind="heads", payload=told, extra=0, side=side, stream=stream))
        return found + self._ended(stream, side, flags)

    def _knows_client(self, side: int, names: set[bytes], pushed: bool) -> bool:
        """Do these fields show who asks? What is left of a block behind a hole, and trailers, may not."""
        if pushed or b":status" in names:
            self._client = 1 - side
        elif b":method" in names:
            self._client = side
        return self._client >= 0

    def _data(self, side: int, stream: int, flags: int, payload: bytes, size: int) -> list[Event]:
        transaction = self._streams.get(stream)
        if transaction is None:
            return []
        whole = len(payload) == size
        if whole:
            payload = _unpadded(flags, payload)
            size = len(payload)
        else:
            size, payload = size - (1 + payload[0] if flags & PADDED and payload else 0), b""
        message = transaction.request if side == self._client else transaction.response
        self._held -= message.held
        if not whole:
            message.lose(sized=True)
        shown = message.content(payload, size, self._flow.time_ns, self._room)
        self._held += message.held
        found = []
        if shown:
            found.append(self._flow._replace(kind="streams", payload=shown, extra=0, side=side, stream=stream))
        if flags & END_STREAM and message.dns:
            found.append(self._flow._replace(kind="dns", payload=dns_message(message.dns, "https"), side=side))
        return found + self._ended(stream, side, flags)

    def _ended(self, stream: int, side: int, flags: int) -> list[Event]:
        """A side is done with the stream (END_STREAM), or with what it promises; with the response the transaction is
        over. How large a request is that goes on, or is missed by then, is not known."""
        if not flags & (END_STREAM | PUSHED):
            return []
        transaction = self._streams[stream]
        (transaction.request if flags & PUSHED or side == self._client else transaction.response).ended = True
        if not transaction.response.ended:
            return []
        transaction.request.sized &= transaction.request.ended
        return [self._report(stream)]

    def _report(self, stream: int) -> Event:
        transaction = self._streams.pop(stream)
        self._held -= transaction.held
        return self._facts.report(self._flow, transaction)._replace(stream=stream)


def _unpadded(flags: int, payload: bytes) -> bytes:
    """Section 6.1: a length, the content, that many bytes of nothing."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] > len(payload) - 1:
        raise ValueError("padding longer than its frame")
    return payload[1 : len(payload) - payload[0]]


def _hpack_error() -> type[Exception]:
    from hpack import HPACKError

    kind: type[Exception] = HPACKError
    return kind
