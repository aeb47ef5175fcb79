"""WebSocket messages (RFC 6455) from the frames of _fast/proto/websocket.pyx: compressed ones unpacked (RFC 7692)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from netwatch.decrypt.bodies import LIMIT

if TYPE_CHECKING:
    from netwatch.decrypt.budget import Room
    from netwatch.model.event import Event

FIN, RSV1 = 0x80, 0x40
STATES_COST = 96 << 10  # bytes of what both sides of a connection unpack with, RFC 1951's window of 32 KiB each
_TAIL = b"\x00\x00\xff\xff"  # what every compressed message leaves out, RFC 7692 section 7.2.1


class WebSocket:
    """One connection. Frames in, streams events with what was said out. Each side packs with a state of its own."""

    held = STATES_COST

    def __init__(self, room: Room) -> None:
        self._packed = [False, False]  # the message under way is compressed
        self._states: list[zlib._Decompress | None] = [zlib.decompressobj(-zlib.MAX_WBITS) for _ in range(2)]
        self._left = [LIMIT, LIMIT]
        self._room = room

    def close(self) -> list[Event]:
        """Let go of everything."""
        self._states = [None, None]
        return []

    def take(self, event: Event) -> list[Event]:
        """One frame: its first byte, then its content; `extra` bytes more were not kept."""
        if not event.payload:
            return []
        first, data, side = event.payload[0], event.payload[1:], event.side
        if first & 15:
            self._packed[side] = bool(first & RSV1)
        most = min(self._left[side], self._room.left)
        shown = self._unpacked(side, data, first & FIN, most) if self._packed[side] else data[: max(0, most)]
        self._left[side] -= len(shown)
        self._room.left -= len(shown)
        if self._room.left <= 0:
            self._room.refused += 1
            self._left[side] = 0
        if not shown:
            return []
        return [event._replace(kind="streams", payload=shown + (b"\n" if first & FIN else b""), stream=0)]

    def _unpacked(self, side: int, data: bytes, last: int, most: int) -> bytes:
        """What a frame says. A side that once failed to unpack has lost its state, and stays unread."""
        state = self._states[side]
        if state is None or most <= 0:
            return b""
        try:
            return state.decompress(data + (_TAIL if last else b""), most)
        except zlib.error:
            self._states[side] = None
            return b""
