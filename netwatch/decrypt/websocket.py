"""WebSocket messages (RFC 6455) from the frames of _fast/proto/websocket.pyx: compressed ones unpacked (RFC 7692)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from netwatch.decrypt.bodies import LIMIT

if TYPE_CHECKING:
    from netwatch.model.event import Event

FIN, RSV1 = 0x80, 0x40
_TAIL = b"\x00\x00\xff\xff"  # what every compressed message leaves out, RFC 7692 section 7.2.1


class WebSocket:
    """One connection. Frames in, streams events with what was said out. Each side packs with a state of its own."""

    def __init__(self) -> None:
        self._packed = [False, False]  # the message under way is compressed
        self._states: list[zlib._Decompress | None] = [zlib.decompressobj(-zlib.MAX_WBITS) for _ in range(2)]
        self._left = [LIMIT, LIMIT]

    def take(self, event: Event) -> list[Event]:
        """One frame: its first byte, then its content; `extra` bytes more were not kept."""
        if not event.payload:
            return []
        first, data, side = event.payload[0], event.payload[1:], event.side
        if first & 15:
            self._packed[side] = bool(first & RSV1)
        shown = self._unpacked(side, data, first & FIN) if self._packed[side] else data[: self._left[side]]
        self._left[side] -= len(shown)
        if not shown:
            return []
        return [event._replace(kind="streams", payload=shown + (b"\n" if first & FIN else b""), stream=0)]

    def _unpacked(self, side: int, data: bytes, last: int) -> bytes:
        """What a frame says. A side that once failed to unpack has lost its state, and stays unread."""
        state = self._states[side]
        if state is None or self._left[side] <= 0:
            return b""
        try:
            return state.decompress(data + (_TAIL if last else b""), self._left[side])
        except zlib.error:
            self._states[side] = None
            return b""
