"""DNS over dedicated QUIC connections (RFC 9250): each stream is a query and its answer, framed as DNS over TCP is.

The drafts before RFC 9250 ("doq-i00" to "doq-i02") had no length in front of a message; there it is put.
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

from netwatch._fast.out.inner import Inner
from netwatch.decrypt.quic import FIN, OVER, RESET

if TYPE_CHECKING:
    from netwatch.model.event import Event

MAX_STREAMS = 1000  # open at once; the oldest goes
MAX_BYTES = 65537  # bytes of a message with its length
STREAM_COST = 1000  # bytes of a stream that has said nothing


class _Stream:
    def __init__(self, event: Event) -> None:
        self.inner = Inner(event.engine, event.row, event.key)
        self.said = [bytearray(), bytearray()]  # by side
        self.done = [False, False]


class Doq:
    """One connection; what its streams say is read by the ordinary classifiers."""

    def __init__(self) -> None:
        self._streams: collections.OrderedDict[int, _Stream] = collections.OrderedDict()
        self._event: Event | None = None
        self.held = 0  # bytes

    def close(self) -> list[Event]:
        """Let go of everything."""
        for number in list(self._streams):
            if self._event is not None:
                self._close(number, self._event)
        return []

    def take(self, event: Event) -> list[Event]:
        """The next bytes of a stream, or the end of the connection."""
        self._event = event
        if event.extra & OVER:
            return self.close()
        stream = self._streams.get(event.stream)
        if stream is None:
            if len(self._streams) >= MAX_STREAMS:
                self._close(next(iter(self._streams)), event)
            stream = self._streams[event.stream] = _Stream(event)
            self.held += STREAM_COST
        said = stream.said[event.side]
        if len(said) + len(event.payload) <= MAX_BYTES:
            said += event.payload
            self.held += len(event.payload)
        if event.extra & (FIN | RESET):
            stream.done[event.side] = True
            if event.extra & FIN and said:
                framed = int.from_bytes(said[:2], "big") == len(said) - 2
                message = bytes(said) if framed else len(said).to_bytes(2, "big") + said
                stream.inner.feed(event.side, event.time_ns, event.frame, message)
            if all(stream.done):
                self._close(event.stream, event)
        return []

    def _close(self, number: int, event: Event) -> None:
        stream = self._streams.pop(number)
        self.held -= sum(map(len, stream.said)) + STREAM_COST
        stream.inner.close(event.time_ns, event.frame)
