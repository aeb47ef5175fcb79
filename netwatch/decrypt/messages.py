"""The service that reads frames: each connection's events to the reader of its protocol, and what comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netwatch.model.addon import Event

FRAME_OVER = 1  # of seam.pxd
MISSING_SHIFT = 4  # of quic.py
MAX_CONNECTIONS = 20000  # read at once; the one that has been read longest goes


class Frames:
    """HTTP/2, HTTP/3, WebSocket and other QUIC connections, by flow."""

    wants = frozenset(("frames",))
    gives: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()

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
                if _is_over(event):
                    continue
                reader = self._readers[key] = self._reader(event)
                if len(self._readers) > MAX_CONNECTIONS:
                    self._readers.pop(next(iter(self._readers)))
            found += reader.take(event)
            if _is_over(event):
                del self._readers[key]
        return found

    def adorn(self, record: dict[str, Any], flow: Any) -> None:
        """What frames say is stored with the flow already."""

    def close(self) -> None:
        self._readers.clear()

    def _reader(self, event: Event) -> Any:
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
