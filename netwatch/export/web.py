"""Exchanges of HTTP with their bodies, put together from http records and the bytes of streams.

HTTP/1's bodies are cut out of its bytes (bodies.py), in the order of the messages; those of HTTP/2 and HTTP/3 come
stream by stream, decoded already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from netwatch.decrypt.bodies import LIMIT
from netwatch.decrypt.budget import Room
from netwatch.export.bodies import Content, Direction
from netwatch.export.extracted import CROWDED, HOLE, LONG, OTHER
from netwatch.model.event import Event
from netwatch.model.record import Record

STREAMS_MOST = 4096  # of one connection
HELD_MOST = 1 << 28  # bytes of bodies of connections that are not over
CONNECTIONS_MOST = 20_000


@dataclass
class Exchange:
    """A request and its response: their record, and their bodies where they are known. `missing`: why there is none of
    "request" or "response", where there was one."""

    record: Record
    stream: int = -1  # -1: HTTP/1
    inner: bool = False
    wanted: bool = True
    masked: bool = False  # what its form calls secret is not in the request's body
    request: Content | None = None
    response: Content | None = None
    missing: dict[str, str] = field(default_factory=dict)


@dataclass
class Connection:
    """One that is not over. Sides are those of events."""

    methods: dict[bool, list[bytes]] = field(default_factory=dict)  # as sent, and as decrypted
    sides: dict[tuple[bool, int], Direction] = field(default_factory=dict)
    streams: dict[tuple[int, int], Content] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    size: int = 0
    crowded: bool = False  # there was no room for its bodies


class Exchanges:
    """Of all connections that are not over."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], Connection] = {}
        self._held = 0
        self._room = Room(HELD_MOST)
        self.left_out = 0  # connections whose bodies were not kept, for want of room

    def bytes_came(self, event: Event) -> None:
        """A piece of a stream."""
        connection = self._connection(event)
        if connection is None:
            return
        if event.stream < 0:
            methods = connection.methods.setdefault(event.inner, [])
            side = connection.sides.setdefault((event.inner, event.side), Direction(methods, self._room))
            if side.dead:
                return
        if self._held + len(event.payload) > HELD_MOST:
            self._give_up(connection)
            return
        connection.size += len(event.payload)
        self._held += len(event.payload)
        if event.stream < 0:
            side.take(event.payload, event.extra)
        elif (event.stream, event.side) in connection.streams or len(connection.streams) < STREAMS_MOST:
            content = connection.streams.setdefault((event.stream, event.side), Content(self._room))
            content.whole = not event.extra and (content.whole or not content.size)
            content.add(event.payload)

    def exchange_came(self, event: Event, record: Record, wanted: bool = True) -> None:
        """An http record. What is not wanted has its place among the others all the same."""
        connection = self._connection(event)
        if connection is not None:
            connection.exchanges.append(Exchange(record, event.stream, event.inner, wanted))

    def holds(self, engine: object, row: int) -> bool:
        """Is anything known of that connection?"""
        return (id(engine), row) in self._open

    def ended(self, engine: object, row: int, initiator: int, closed: bool) -> Iterator[Exchange]:
        """The exchanges of a connection that is over, in their order. `initiator`: the client's side; `closed`: by the
        server."""
        connection = self._open.pop((id(engine), row), None)
        if connection is None:
            return
        self._held -= connection.size
        for side in connection.sides.values():
            side.end(closed)
        self._room.left += _decoded(connection)
        done = {place: iter(side.done) for place, side in connection.sides.items()}
        nothing: Iterator[Content] = iter(())
        for exchange in connection.exchanges:
            if exchange.stream >= 0:
                exchange.request = connection.streams.get((exchange.stream, initiator))
                exchange.response = connection.streams.get((exchange.stream, 1 - initiator))
            else:
                requests, responses = (done.get((exchange.inner, side), nothing) for side in (initiator, 1 - initiator))
                exchange.request = next(requests, None) if "method" in exchange.record else None
                exchange.response = next(responses, None) if "status" in exchange.record else None
            _check(exchange, CROWDED if connection.crowded else HOLE)
            yield exchange

    def _connection(self, event: Event) -> Connection | None:
        key = (id(event.engine), event.row)
        found = self._open.get(key)
        if found is None and len(self._open) < CONNECTIONS_MOST:
            found = self._open[key] = Connection()
        elif found is None:
            self.left_out += 1
        return found

    def _give_up(self, connection: Connection) -> None:
        """Its bodies are not kept; its exchanges are."""
        if connection.size:
            self.left_out += 1
        self._held -= connection.size
        for side in connection.sides.values():
            side.stop()
        self._room.left += _decoded(connection)
        connection.size, connection.crowded = 0, True
        connection.streams.clear()
        for side in connection.sides.values():
            side.done.clear()


def _decoded(connection: Connection) -> int:
    """Bytes of its bodies that are over."""
    done = [*connection.streams.values(), *(each for side in connection.sides.values() for each in side.done)]
    return sum(len(content.data) for content in done)


def _check(exchange: Exchange, why: str) -> None:
    """A body is the message's only when it is as long as the record says. Of HTTP/2 and 3 it was decoded before, where
    a coding was undone its length says nothing, and there is a bound. `why`: there is none at all."""
    for name, part in (("request", "method"), ("response", "status")):
        content: Content | None = getattr(exchange, name)
        told = exchange.record.get(f"{name}_bytes")
        if content is None:
            if told or (told is None and exchange.stream < 0 and part in exchange.record):
                exchange.missing[name] = why
            continue
        coded = exchange.stream >= 0 and "content-encoding" in exchange.record.get(f"{name}_headers", {})
        missing = content.missing or (OTHER if told not in (None, content.size) and not coded else
                                      LONG if exchange.stream >= 0 and content.size >= LIMIT else "")
        if missing:
            setattr(exchange, name, None)
            exchange.missing[name] = missing
