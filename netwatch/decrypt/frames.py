"""The service that reads frames: each connection's events to the reader of its protocol, and what comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netwatch.service import Event

MAX_CONNECTIONS = 20000  # read at once; the one that has been read longest goes


class Frames:
    """HTTP/2 and WebSocket connections, by flow."""

    wants = frozenset(("frames",))

    def __init__(self, show_secrets: bool = False, follow: bool = False) -> None:
        """`follow`: somebody wants the content of streams as well."""
        self._show_secrets = show_secrets
        self._follow = follow
        self._readers: dict[tuple[int, int, int], Any] = {}

    def take(self, events: list[Event]) -> list[Event]:
        """What the connections say in these frames."""
        found: list[Event] = []
        for event in events:
            key = (id(event.engine), event.row, event.key)
            reader = self._readers.get(key)
            if reader is None:
                if not event.payload:
                    continue
                reader = self._readers[key] = self._reader(event)
                if len(self._readers) > MAX_CONNECTIONS:
                    self._readers.pop(next(iter(self._readers)))
            found += reader.take(event)
            if not event.payload:
                del self._readers[key]
        return found

    def adorn(self, record: dict[str, Any]) -> None:
        """What frames say is stored with the flow already."""

    def close(self) -> None:
        self._readers.clear()

    def _reader(self, event: Event) -> Any:
        if event.app == "websocket":
            from netwatch.decrypt.websocket import WebSocket

            return WebSocket()
        from netwatch.decrypt.http2 import Http2

        return Http2(event, self._show_secrets, self._follow)
