"""HTTP/3 connections (RFC 9114) from the streams that quic.py hands on: transactions with their headers.

A request stream of which bytes are missing is read as far as it goes, and on after a hole inside of content. All is
bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch._fast.proto.dns.text import message as dns_message
from netwatch.decrypt import handshake as hs
from netwatch.decrypt.budget import Fields
from netwatch.decrypt.httpfacts import HttpFacts
from netwatch.decrypt.qpack import Refused, Unpacker
from netwatch.decrypt.quic import FIN, FROM_CLIENT, MISSING_SHIFT, OVER, RESET
from netwatch.decrypt.quicwire import QuicWire
from netwatch.decrypt.transaction import Transaction, head_text

if TYPE_CHECKING:
    from netwatch.decrypt.budget import Room
    from netwatch.model.event import Event

DATA, HEADERS, SETTINGS, PUSH_PROMISE = 0, 1, 4, 5  # frames, section 7.2
CONTROL, PUSH, ENCODER = 0, 1, 2  # streams of one direction, section 6.2
REQUEST, NEW, OTHER = 100, 101, 102
TABLE_CAPACITY, BLOCKED_STREAMS = 1, 7  # settings, RFC 9204 section 5
MAX_BLOCK = 262144  # bytes of a header block
MAX_SETTINGS = 16384
MAX_KEPT = 1 << 20  # bytes of a stream that wait for its header block
MAX_STREAMS = 1000  # transactions open at once; the oldest is reported as it is
MAX_READERS = 4096  # streams of one connection that are read at once; the oldest goes
READER_COST = 500  # bytes of a stream that holds nothing
CLIENT, SERVER = 0, 1


class _Reader:
    """One sender's bytes of a stream: what of them has not been read, and what the next ones are."""

    def __init__(self, stream: int, role: int, kind: int) -> None:
        self.stream = stream
        self.role = role
        self.kind = kind
        self.owner = stream  # whose transaction: a push has the number of its promise, below zero
        self.rest = bytearray()
        self.data = 0  # bytes of content still to come
        self.skip = 0  # bytes of no interest still to come
        self.promised: int | None = None  # the push whose request a waiting block is
        self.waits = False  # for the fields of its header block
        self.fin = False
        self.dead = False
        self.side = 0
        self.counted = 0  # bytes of it that the connection has counted

    def lose(self, n: int) -> None:
        """A hole: inside of content it does no harm."""
        if self.waits or self.rest or n > self.data + self.skip:
            self.dead = True
        elif self.data:
            self.data -= n
        else:
            self.skip -= n


class Http3:
    """One connection. Streams in, http and streams events out."""

    def __init__(self, first: Event, show_secrets: bool, room: Room | None, heads: bool = False) -> None:
        """`room` for the content, where somebody wants it; `heads`: lists of header fields are told as well."""
        self._flow = first
        self._room = room
        self._tells = heads
        self._facts = HttpFacts("http3", "3", first, show_secrets)
        self._facts.name("http3")
        self._unpackers: tuple[Unpacker, ...] = (Unpacker(), Unpacker())
        self._readers: dict[tuple[int, int], _Reader] = {}
        self._streams: dict[int, Transaction] = {}
        self._held = 0  # bytes of transactions, and of streams that wait for more of theirs
        self._dead = False

    @property
    def held(self) -> int:
        """Bytes."""
        return self._held + sum(each.held for each in self._unpackers)

    def close(self) -> list[Event]:
        """Let go of everything: what is known of each transaction is all there will be."""
        found = [self._report(owner) for owner in list(self._streams)]
        self._dead, self._unpackers, self._held = True, (), 0
        self._readers.clear()
        return found

    def take(self, event: Event) -> list[Event]:
        """The next bytes of a stream, or the end of the connection."""
        self._flow = event
        if self._dead or event.extra & OVER:
            return self.close()
        role = CLIENT if event.extra & FROM_CLIENT else SERVER
        reader = self._reader(event.stream, role)
        reader.side = event.side
        if event.extra >> MISSING_SHIFT:
            self._lose(reader, event.extra >> MISSING_SHIFT)
        found: list[Event] = []
        if reader.dead:
            self._unpackers[role].lost |= reader.kind == ENCODER
        elif len(reader.rest) + len(event.payload) > MAX_KEPT + MAX_BLOCK:
            reader.dead = True
        else:
            reader.rest += event.payload
            found += self._read(reader)
        if event.extra & (FIN | RESET):
            reader.fin = True
            reader.dead |= event.extra & RESET != 0
        found += self._ended(reader)
        self._weigh(reader)
        return found

    def _lose(self, reader: _Reader, n: int) -> None:
        """A hole. What of it is content is content as transferred; behind any other the size is not known."""
        in_content = reader.data > 0
        reader.lose(n)
        transaction = self._streams.get(reader.owner)
        if transaction is None:
            return
        message = transaction.request if reader.role == CLIENT else transaction.response
        if reader.dead or in_content:
            self._held -= message.held
            message.lose(sized=not reader.dead)
            message.size += n
            self._held += message.held

    def _weigh(self, reader: _Reader) -> None:
        """What a stream holds is counted while it is read."""
        holds = len(reader.rest) + READER_COST if (reader.stream, reader.role) in self._readers else 0
        self._held += holds - reader.counted
        reader.counted = holds

    def _reader(self, stream: int, role: int) -> _Reader:
        reader = self._readers.get((stream, role))
        if reader is None:
            kind = NEW if stream & 2 else OTHER if stream & 1 else REQUEST
            reader = self._readers[stream, role] = _Reader(stream, role, kind)
            if len(self._readers) > MAX_READERS:  # without control and encoder streams nothing more is read
                oldest = next((at for at, each in self._readers.items() if each.kind not in (CONTROL, ENCODER)), None)
                if oldest is not None:
                    self._forget(self._readers[oldest])
        return reader

    def _forget(self, reader: _Reader) -> None:
        if self._readers.pop((reader.stream, reader.role), None) is not None:
            self._unpackers[reader.role].forget(reader.stream)
            self._weigh(reader)

    def _read(self, reader: _Reader) -> list[Event]:
        if reader.kind == NEW:
            self._classify(reader)
        if reader.kind == ENCODER:
            ready = self._unpackers[reader.role].instruct(bytes(reader.rest))
            reader.rest.clear()
            return self._resume(reader.role, ready)
        if reader.kind == OTHER:
            reader.rest.clear()
        found: list[Event] = []
        if reader.kind in (REQUEST, PUSH, CONTROL):
            while not reader.waits and not reader.dead and reader.rest:
                size = len(reader.rest)
                found += self._step(reader)
                if len(reader.rest) == size:
                    break
        return found

    def _classify(self, reader: _Reader) -> None:
        """What a stream of one direction is for (section 6.2)."""
        wire = QuicWire(bytes(reader.rest[:16]))
        try:
            kind = wire.varint()
            if kind == PUSH:
                reader.owner = -1 - wire.varint()
        except hs.Broken:
            return
        del reader.rest[: wire.at]
        reader.kind = kind if kind in (CONTROL, PUSH, ENCODER) else OTHER

    def _step(self, reader: _Reader) -> list[Event]:
        """Read a frame, or what is there of one whose beginning was read."""
        if reader.skip:
            passed = min(reader.skip, len(reader.rest))
            reader.skip -= passed
            del reader.rest[:passed]
            return []
        if reader.data:
            part = bytes(reader.rest[: reader.data])
            reader.data -= len(part)
            del reader.rest[: len(part)]
            return self._content(reader, part)
        wire = QuicWire(bytes(reader.rest[:16]))
        try:
            kind, size = wire.varint(), wire.varint()
        except hs.Broken:
            return []
        control = reader.kind == CONTROL
        wanted = kind == SETTINGS if control else kind in (HEADERS, PUSH_PROMISE)
        if not wanted or size > (MAX_SETTINGS if control else MAX_BLOCK):
            del reader.rest[: wire.at]
            if kind == DATA and not control:
                reader.data = size
            else:
                reader.skip = size
            return []
        if len(reader.rest) < wire.at + size:
            return []
        body = bytes(reader.rest[wire.at : wire.at + size])
        del reader.rest[: wire.at + size]
        if control:
            return self._settings(reader.role, body)
        return self._headers(reader, kind, body)

    def _settings(self, role: int, body: bytes) -> list[Event]:
        """Section 7.2.4: what the sender allows the other to do when it packs its headers."""
        wire, said = QuicWire(body), {}
        try:
            while wire.left:
                setting = wire.varint()
                said[setting] = wire.varint()
        except hs.Broken:
            return []
        ready = self._unpackers[1 - role].configure(said.get(TABLE_CAPACITY, 0), said.get(BLOCKED_STREAMS, 0))
        return self._resume(1 - role, ready)

    def _headers(self, reader: _Reader, kind: int, body: bytes) -> list[Event]:
        reader.promised = None
        if kind == PUSH_PROMISE:
            wire = QuicWire(body)
            try:
                reader.promised = wire.varint()
            except hs.Broken:
                return []
            body = body[wire.at :]
        try:
            fields = self._unpackers[reader.role].unpack(reader.stream, body)
        except Refused:
            reader.dead = True
            return []
        reader.waits = fields is None
        return [] if fields is None else self._head(reader, fields)

    def _resume(self, role: int, streams: list[int]) -> list[Event]:
        """Header blocks that had to wait can be read."""
        found: list[Event] = []
        for stream in streams:
            reader = self._readers.get((stream, role))
            try:
                fields = self._unpackers[role].resume(stream)
            except Refused:
                fields = None
                if reader is not None:
                    reader.dead = True
            if reader is None or fields is None:
                continue
            reader.waits = False
            found += self._head(reader, fields) + self._read(reader) + self._ended(reader)
            self._weigh(reader)
        return found

    def _head(self, reader: _Reader, fields: Fields) -> list[Event]:
        """The fields of a request, a response, or a promise of one."""
        pushed = reader.promised is not None
        owner = -1 - reader.promised if reader.promised is not None else reader.owner
        found = []
        if owner not in self._streams:
            if len(self._streams) >= MAX_STREAMS:
                found.append(self._report(next(iter(self._streams))))
            self._streams[owner] = Transaction()
            self._held += self._streams[owner].held
        transaction = self._streams[owner]
        is_request = pushed or reader.role == CLIENT
        message = transaction.request if is_request else transaction.response
        self._held -= message.held
        message.head(fields, self._flow.time_ns)
        self._held += message.held
        self._facts.learn(owner, transaction, is_request)
        if self._tells:
            told = head_text(fields, "HTTP/3")
            found.append(self._flow._replace(kind="heads", payload=told, extra=0, side=reader.side,
                                             stream=reader.stream))
        return found

    def _content(self, reader: _Reader, part: bytes) -> list[Event]:
        transaction = self._streams.get(reader.owner)
        if transaction is None:
            return []
        message = transaction.request if reader.role == CLIENT else transaction.response
        self._held -= message.held
        shown = message.content(part, len(part), self._flow.time_ns, self._room)
        self._held += message.held
        if not shown:
            return []
        return [self._flow._replace(kind="streams", payload=shown, extra=0, side=reader.side, stream=reader.stream)]

    def _ended(self, reader: _Reader) -> list[Event]:
        """A sender is done with its stream. With the response the transaction is over, once the request is known."""
        if not reader.fin or (reader.waits and not reader.dead):
            return []
        self._forget(reader)
        transaction = self._streams.get(reader.owner)
        if reader.kind not in (REQUEST, PUSH) or transaction is None:
            return []
        message = transaction.request if reader.role == CLIENT else transaction.response
        message.ended = True
        found = []
        if message.dns:
            found.append(self._flow._replace(kind="dns", payload=dns_message(message.dns, "https"), side=reader.side))
        over = transaction.response.ended and transaction.request.fields
        return [*found, self._report(reader.owner)] if over else found

    def _report(self, owner: int) -> Event:
        transaction = self._streams.pop(owner)
        self._held -= transaction.held
        return self._facts.report(self._flow, transaction)._replace(stream=owner)
