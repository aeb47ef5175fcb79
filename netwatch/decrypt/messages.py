"""The addon that reads what comes in frames: each connection's to the reader of its protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from netwatch.model.contract import Addon
from netwatch.model.event import Event, FlowRef, Step

if TYPE_CHECKING:
    from netwatch.model.contract import Run

FRAME_OVER = 1  # of seam.pxd
MISSING_SHIFT = 4  # of quic.py
MAX_CONNECTIONS = 20000  # read at once; the one that has been read longest goes


class Reader(Protocol):
    """Of one connection."""

    def take(self, event: Event) -> list[Event]: ...


class Messages(Addon):
    """Reads the messages of HTTP/2, HTTP/3, gRPC, WebSocket and DNS over QUIC, which share connections."""

    name = "messages"
    wants = frozenset(("frames",))

    def __init__(self, show_secrets: bool = False, follow: bool = False) -> None:
        """`follow`: somebody wants the content of streams as well."""
        self._show_secrets = show_secrets
        self._follow = follow
        self._readers: dict[FlowRef, Reader] = {}

    def begin(self, run: Run) -> None:
        self._show_secrets = self._show_secrets or run.purpose.show_secrets
        self._follow = self._follow or "streams" in run.purpose.kinds

    def take(self, step: Step) -> Sequence[Event]:
        """What the connections say in these frames."""
        found: list[Event] = []
        for event in step.events:
            key = event.ref
            reader = self._readers.get(key)
            if reader is None:
                if _is_over(event):
                    continue
                reader = self._readers[key] = self._reader(event)
                if len(self._readers) > MAX_CONNECTIONS:
                    self._readers.pop(next(iter(self._readers)))
            found += reader.take(event)
            if _is_over(event):
                del self._readers[key]
        return found

    def close(self) -> None:
        self._readers.clear()

    def _reader(self, event: Event) -> Reader:
        if event.app == "websocket":
            from netwatch.decrypt.websocket import WebSocket

            return WebSocket()
        if event.app == "quic":
            return _Plain(self._follow)
        if event.app == "doq":
            from netwatch.decrypt.doq import Doq

            return Doq()
        if event.app == "http3":
            from netwatch.decrypt.http3 import Http3

            return Http3(event, self._show_secrets, self._follow)
        from netwatch.decrypt.http2 import Http2

        return Http2(event, self._show_secrets, self._follow)


class _Plain:
    """QUIC's streams as they are, where nothing reads what is in them."""

    def __init__(self, follow: bool) -> None:
        self._follow = follow

    def take(self, event: Event) -> list[Event]:
        if not self._follow or not event.payload:
            return []
        return [event._replace(kind="streams", extra=event.extra >> MISSING_SHIFT)]


def _is_over(event: Event) -> bool:
    """Nothing more comes of the connection. A stream of QUIC may say something without bytes: that it ends."""
    return not event.payload and event.extra & FRAME_OVER != 0
