"""The bodies of HTTP/1 messages (RFC 9112 section 6), cut out of one direction of a stream as its bytes come.

Only framing is read: what a message says stands in its http record. At the first thing that makes no sense, or where
bytes are missing, nothing more of the direction is taken: the wrong body is worse than none.
"""

from __future__ import annotations

import re

from netwatch.decrypt.bodies import Body
from netwatch.decrypt.budget import Room
from netwatch.export.extracted import CROWDED, HOLE, LONG, OPEN

HEAD_MOST = 1 << 18  # bytes of a head
LINE_MOST = 4096  # of the line before a chunk
BODY_MOST = 1 << 26  # bytes of one body that are kept, decoded
REQUEST = re.compile(rb"([!-~]{1,64}) [^\r\n]{1,100000} HTTP/1\.[01]")
RESPONSE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |$)")
CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
EMPTY = frozenset({b"204", b"304"})


class Content:
    """What a message carried: `whole` when all of it was seen and kept."""

    def __init__(self, room: Room, coding: str = "") -> None:
        """`room`: what is left for all of them."""
        self._room = room
        self.data = bytearray()
        self.size = 0  # bytes as transferred
        self.whole = self._cut = False
        self.open = False  # it goes to the end of the stream, which was not seen
        self._body = Body(coding, BODY_MOST)

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self.data += self._body.feed(data, self._room)
        self._cut = self._cut or self._room.left <= 0

    @property
    def missing(self) -> str:
        """Why not all of it is there; "" when it is."""
        if not self.whole:
            return OPEN if self.open else HOLE
        if len(self.data) >= BODY_MOST:
            return LONG
        return CROWDED if self._cut else ""


class Direction:
    """One side of a connection. Its finished messages wait in `done`; `methods` are those of the requests, whose
    responses are read by them."""

    def __init__(self, methods: list[bytes], room: Room) -> None:
        self._room = room
        self.done: list[Content] = []
        self.dead = False
        self._methods = methods
        self._rest = bytearray()
        self._content: Content | None = None
        self._left = 0  # bytes of the body, or of the chunk, that are still to come; -1: to the end of the stream
        self._chunked = self._trailer = False

    def take(self, data: bytes, missing: int) -> None:
        """The next bytes, before which some may be missing."""
        if missing:
            self.stop()
        if self.dead:
            return
        self._rest += data
        while not self.dead and self._rest and self._step():
            pass

    def stop(self) -> None:
        """Nothing more can be said."""
        self.dead = True
        if self._content is not None:
            self.done.append(self._content)
            self._content = None
        self._rest.clear()

    def end(self, closed: bool = True) -> None:
        """The stream is over: a body without a length is whole then, if its sender closed the connection (RFC 9112
        section 6.3)."""
        if self._content is not None and self._left < 0:
            self._content.whole, self._content.open = closed, not closed
        self.stop()

    def _step(self) -> bool:
        """False when more bytes are needed."""
        if self._content is None:
            return self._head()
        if self._left < 0:
            return self._body(len(self._rest))
        if self._left:
            return self._body(min(self._left, len(self._rest)))
        return self._chunk() if self._chunked else self._finish()

    def _body(self, count: int) -> bool:
        assert self._content is not None
        self._content.add(bytes(self._rest[:count]))
        del self._rest[:count]
        if self._left < 0:
            return True
        self._left -= count
        return self._left > 0 or self._chunked or self._finish()

    def _head(self) -> bool:
        while self._rest[:2] == b"\r\n":  # RFC 9112 section 2.2
            del self._rest[:2]
        end = self._rest.find(b"\r\n\r\n")
        if end < 0:
            if len(self._rest) > HEAD_MOST or (self._rest and not 0x20 < self._rest[0] < 0x7F and self._rest != b"\r"):
                self.stop()
            return False
        first, *lines = bytes(self._rest[:end]).split(b"\r\n")
        del self._rest[: end + 4]
        fields: dict[bytes, bytes] = {}
        for line in lines:
            name, _, value = line.partition(b":")
            fields.setdefault(name.strip().lower(), value.strip())
        self._begin(first, fields)
        return True

    def _begin(self, first: bytes, fields: dict[bytes, bytes]) -> None:
        request, response = REQUEST.fullmatch(first), RESPONSE.match(first)
        if request is not None:
            self._methods.append(request[1])
        elif response is None:
            self.stop()
            return
        elif response[1][:1] == b"1":  # an interim response, or the end of HTTP
            if response[1] == b"101":
                self.stop()
            return
        method = self._methods.pop(0) if response is not None and self._methods else b""
        bare = response is not None and (response[1] in EMPTY or method == b"HEAD")
        self._content = Content(self._room, fields.get(b"content-encoding", b"").decode("latin-1"))
        self._chunked = not bare and fields.get(b"transfer-encoding", b"").lower().endswith(b"chunked")
        self._trailer = False
        length = fields.get(b"content-length", b"")
        if method == b"CONNECT" and response is not None and response[1][:1] == b"2":
            self.stop()
        elif bare or self._chunked:
            self._left = 0
            if bare:
                self._finish()
        elif length.isdigit() and len(length) < 16:
            self._left = int(length)
            if not self._left:
                self._finish()
        elif length:
            self.stop()
        elif response is not None:
            self._left = -1
        else:
            self._left = 0
            self._finish()

    def _chunk(self) -> bool:
        """The line before a chunk, or what follows the last one."""
        end = self._rest.find(b"\r\n")
        if end < 0 or end > LINE_MOST:
            if len(self._rest) > LINE_MOST:
                self.stop()
            return False
        line = bytes(self._rest[:end])
        del self._rest[: end + 2]
        if self._trailer:
            return True if line else self._finish()
        if not line:  # behind a chunk
            return True
        size = CHUNK.fullmatch(line)
        if size is None:
            self.stop()
            return False
        self._left = int(size[1], 16)
        self._trailer = self._left == 0
        return True

    def _finish(self) -> bool:
        if self._content is not None:
            self._content.whole = True
            self.done.append(self._content)
        self._content = None
        return True
