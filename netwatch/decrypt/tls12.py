"""A connection of TLS 1.0 to 1.2 (RFC 5246): what a side says is sealed from its ChangeCipherSpec on."""

from __future__ import annotations

import contextlib
import zlib

from netwatch.decrypt import handshake as hs
from netwatch.decrypt.direction import HEAD, Direction, Stalled
from netwatch.decrypt.exchange import Exchange, Sessions, Unsupported
from netwatch.decrypt.keylog import KeyLog
from netwatch.decrypt.plaintext import NO_KEYS, Plaintext
from netwatch.decrypt.records import Protection, Unverified

REC_CCS, REC_ALERT, REC_HANDSHAKE, REC_DATA = 20, 21, 22, 23
PLAIN_MOST = 16384 + 1024  # bytes a record may inflate to (RFC 3749 section 2)


class _Side:
    def __init__(self, client: bool) -> None:
        self.client = client
        self.sealed = False
        self.direction: Direction | None = None  # None while sealed: the keys are not known and will not be
        self.inflater: zlib._Decompress | None = None
        self.next: Protection | None = None
        self.messages = hs.Messages()
        self.torn = False


class Tls12:
    """`final`: no more keys will come; what has none is counted as failed instead of waited for."""

    def __init__(self, keys: KeyLog, sessions: Sessions, client_side: int, out: Plaintext) -> None:
        self.final = False
        self.exchange = Exchange(keys, sessions)
        self._out = out
        sides = [_Side(True), _Side(False)]
        self._sides = sides if client_side == 0 else sides[::-1]
        self._why = NO_KEYS

    def lost(self, number: int, n: int) -> None:
        """n bytes of the side's records will not come."""
        side = self._sides[number]
        side.messages.clear()
        side.torn = True
        if side.direction is not None:
            side.direction.lose(n)

    def record(self, number: int, ts: int, frame: int, kind: int, head: bytes, body: memoryview) -> None:
        """One record. Raises Stalled; the same record is then to be given again."""
        side = self._sides[number]
        if kind == REC_DATA and not side.sealed and side.torn:
            self._switch(side)  # its ChangeCipherSpec was lost
        plain: bytes | memoryview = body
        if side.sealed:
            if kind == REC_CCS:
                self._prepare(side)
            try:
                plain = self._open(number, ts, frame, head, body)
            except Unverified:
                return
        if kind == REC_DATA:
            if side.sealed and len(plain):
                self._out.put(number, ts, frame, plain)
        elif kind == REC_HANDSHAKE:
            self._messages(side, bytes(plain))
        elif kind == REC_CCS:
            self._switch(side)
        elif kind == REC_ALERT and side.sealed:
            self._out.alert(bytes(plain))

    def close(self) -> None:
        """Forget the keys."""
        self.exchange.close()
        for side in self._sides:
            side.direction = side.next = None

    def _open(self, number: int, ts: int, frame: int, head: bytes, body: memoryview) -> bytes:
        """Raises Unverified after having counted the record."""
        side = self._sides[number]
        if side.direction is None:
            self._out.fail(self._why)
            raise Unverified
        try:
            plain = side.direction.open(head, body)
            if side.inflater is not None:
                plain = side.inflater.decompress(plain, PLAIN_MOST)
        except (Unverified, zlib.error) as e:
            self._out.fail("a record did not verify")
            side.direction.tear(HEAD + len(body))
            side.messages.clear()
            raise Unverified from e
        if side.direction.hole >= 0:
            self._out.lost(number, ts, frame, side.direction.hole)
        return plain

    def _prepare(self, side: _Side) -> None:
        """Derive the keys of the handshake, once for both sides. Raises Stalled while they are not known."""
        if side.next is not None:
            return
        try:
            made = self.exchange.protections()
        except Unsupported as e:
            self._why = str(e)
            return
        if made is None:
            if not self.final:
                raise Stalled
            return
        self._out.origin = self.exchange.origin or "keylog"
        for each in self._sides:
            each.next = made[0 if each.client else 1]

    def _switch(self, side: _Side) -> None:
        """The side's next record is the first under its new keys."""
        self._prepare(side)
        old, side.direction = side.direction, None
        side.sealed = True
        server = self.exchange.server
        if side.next is not None:
            side.direction = Direction(side.next)
            side.next = None
            side.inflater = zlib.decompressobj() if server is not None and server.compression else None
            if side.torn and old is None:
                side.direction.tear(0)
        side.messages.clear()

    def _messages(self, side: _Side, fragment: bytes) -> None:
        for kind, message in side.messages.take(fragment):
            if kind == hs.CLIENT_HELLO and side.client:
                for each in self._sides:
                    each.next = None
            with contextlib.suppress(hs.Broken):
                self.exchange.take(kind, message[4:], message)
