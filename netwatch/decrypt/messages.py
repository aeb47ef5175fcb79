"""The addon that reads what comes in frames: each connection's to the reader of its protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from netwatch.decrypt.budget import STATE_MOST, Room
from netwatch.model.contract import Addon, Store
from netwatch.model.event import Event, FlowRef, Step

if TYPE_CHECKING:
    from netwatch.model.contract import Run

FRAME_OVER = 1  # of look/protocol.pxd
MISSING_SHIFT = 4  # of quic.py
MAX_CONNECTIONS = 20000  # read at once; the one that has been read longest goes


class Reader(Protocol):
    """Of one connection."""

    @property
    def held(self) -> int:
        """Bytes, about."""

    def take(self, event: Event) -> list[Event]: ...

    def close(self) -> list[Event]:
        """Let go of everything; what there is to say of it."""


class Messages(Addon):
    """Reads the messages of HTTP/2, HTTP/3, gRPC, WebSocket and DNS over QUIC, which share connections."""

    name = "messages"
    wants = frozenset(("frames",))

    def __init__(self, show_secrets: bool = False, follow: bool = False, most: int = STATE_MOST) -> None:
        """`follow`: somebody wants the content of streams as well; `most`: bytes held, of all connections."""
        self._show_secrets = show_secrets
        self._follow = follow
        self._heads = False
        self._readers: dict[FlowRef, Reader] = {}
        self._left: dict[FlowRef, None] = {}  # connections that were let go
        self._room = Room()
        self._most, self._held, self._dropped = most, 0, 0
        self._run: Run | None = None

    def begin(self, run: Run) -> None:
        self._show_secrets = self._show_secrets or run.purpose.show_secrets
        self._follow = self._follow or "streams" in run.purpose.kinds
        self._heads = "heads" in run.purpose.kinds
        self._run = run

    def take(self, step: Step) -> Sequence[Event]:
        """What the connections say in these frames."""
        found: list[Event] = []
        if not step.again:
            self._room.renew()
        for event in step.events:
            key = event.ref
            reader = self._readers.get(key)
            if reader is None:
                if _is_over(event) or key in self._left:
                    if _is_over(event):
                        self._left.pop(key, None)
                    continue
                reader = self._readers[key] = self._reader(event)
                self._held += reader.held
            before = reader.held
            found += reader.take(event)
            self._held += reader.held - before
            if _is_over(event):
                self._held -= self._readers.pop(key).held
            while self._readers and (self._held > self._most or len(self._readers) > MAX_CONNECTIONS):
                found += self._let_go(next(iter(self._readers)))
        return found

    def _let_go(self, key: FlowRef) -> list[Event]:
        """The connection that has been read longest makes room, and is read no more."""
        reader = self._readers.pop(key)
        self._held -= reader.held
        self._left[key] = None
        if len(self._left) > MAX_CONNECTIONS:
            del self._left[next(iter(self._left))]
        if not self._dropped and self._run is not None:
            self._run.say("more is open in HTTP/2 and HTTP/3 connections than is kept: the oldest are read no further")
        self._dropped += 1
        return reader.close()

    def stores(self) -> Sequence[Store]:
        return (Store("readers of messages", len(self._readers), MAX_CONNECTIONS, self._held,
                      self._dropped),
                Store("decoded content", 0, None, 0, self._room.refused))

    def close(self) -> None:
        self._readers.clear()
        self._left.clear()

    def _reader(self, event: Event) -> Reader:
        if event.app == "websocket":
            from netwatch.decrypt.websocket import WebSocket

            return WebSocket(self._room)
        if event.app == "quic":
            return _Plain(self._follow)
        if event.app == "doq":
            from netwatch.decrypt.doq import Doq

            return Doq()
        if event.app == "http3":
            from netwatch.decrypt.http3 import Http3

            return Http3(event, self._show_secrets, self._room if self._follow else None, self._heads)
        from netwatch.decrypt.http2 import Http2

        return Http2(event, self._show_secrets, self._room if self._follow else None, self._heads)


class _Plain:
    """QUIC's streams as they are, where nothing reads what is in them."""

    held = 500  # bytes

    def __init__(self, follow: bool) -> None:
        self._follow = follow

    def close(self) -> list[Event]:
        return []

    def take(self, event: Event) -> list[Event]:
        if not self._follow or not event.payload:
            return []
        return [event._replace(kind="streams", extra=event.extra >> MISSING_SHIFT)]


def _is_over(event: Event) -> bool:
    """Nothing more comes of the connection. A stream of QUIC may say something without bytes: that it ends."""
    return not event.payload and event.extra & FRAME_OVER != 0
