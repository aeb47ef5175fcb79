"""One DTLS flow (RFC 6347, RFC 9147): handshake messages out of fragments in any order, records by their own numbers.

Nothing has to come in order here, and what is lost is no hole that later records would have to be counted from.
Connection IDs of DTLS 1.2 (RFC 9146) and renegotiation are not read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from netwatch.decrypt import handshake as hs
from netwatch.decrypt.direction import Stalled
from netwatch.decrypt.dtls13 import VERSION, Dtls13Keys, Replays, Sealed, is_sealed, take_sealed
from netwatch.decrypt.exchange import Exchange, Sessions, Unsupported
from netwatch.decrypt.flow import IN_VAIN, NO_HELLO, Item, Queue, SealedFlow
from netwatch.decrypt.keylog import KeyLog
from netwatch.decrypt.plaintext import Plaintext
from netwatch.decrypt.records import Protection, Unverified
from netwatch.decrypt.suites import suite_of

HEAD = 13
MESSAGE_HEAD = 12
AHEAD = 16  # messages of a side that may wait for one before them
PARTS_MOST = 256  # fragments of one message
REC_ALERT, REC_HANDSHAKE, REC_DATA = 21, 22, 23


class _Message(NamedTuple):
    """A handshake message being put together: fragments by offset."""

    kind: int
    size: int
    parts: dict[int, bytes]

    def whole(self) -> bytes | None:
        body = b""
        for at, part in sorted(self.parts.items()):
            if at > len(body):
                break
            body += part[len(body) - at :]
        return body if len(body) == self.size else None


class _Fragments:
    """Handshake messages of one side, whole and in order, each once."""

    def __init__(self) -> None:
        self._next = 0
        self._waiting: dict[int, _Message] = {}

    def take(self, wire: hs.Wire) -> Iterator[tuple[int, bytes, bytes]]:
        """(type, body, message as in the transcript) of what the fragments of a record complete. Raises Broken."""
        while wire.left >= MESSAGE_HEAD:
            kind, size, number, at = wire.number(1), wire.number(3), wire.number(2), wire.number(3)
            part = wire.block(3)
            if not self._next <= number <= self._next + AHEAD or at + len(part) > size or size > hs.MESSAGE_MOST:
                continue
            message = self._waiting.setdefault(number, _Message(kind, size, {}))
            if (kind, size) != message[:2] or len(message.parts) >= PARTS_MOST:
                continue
            if len(part) >= len(message.parts.get(at, b"")):
                message.parts[at] = part
            yield from self._ready()

    def _ready(self) -> Iterator[tuple[int, bytes, bytes]]:
        while (message := self._waiting.get(self._next)) is not None and (body := message.whole()) is not None:
            del self._waiting[self._next]
            size = message.size.to_bytes(3, "big")
            head = bytes((message.kind,)) + size + self._next.to_bytes(2, "big") + bytes(3) + size
            self._next += 1
            yield message.kind, body, head + body


class DtlsFlow(SealedFlow):
    """The datagrams of a DTLS connection."""

    def __init__(self, keys: KeyLog, sessions: Sessions, out: Plaintext) -> None:
        self.random = b""
        self.ended = False
        self.out = out
        self._keys = keys
        self._exchange = Exchange(keys, sessions, dtls=True)
        self._fragments = (_Fragments(), _Fragments())
        self._client_side = 0
        self._made: list[Protection] | None = None
        self._replays = (Replays(), Replays())  # of DTLS 1.2 and older, by side
        self._sealed: tuple[Dtls13Keys, Dtls13Keys] | None = None  # the client's and the server's
        self._final = False
        self._queue: Queue[Item] = Queue()
        self._last = (0, 0)

    @property
    def hopeless(self) -> bool:
        """So many datagrams failed, and none ever opened, that the keys cannot be right: anybody can send such."""
        return self.out.in_vain >= IN_VAIN and not self.out.bytes

    def take(self, side: int, ts: int, frame: int, lost: int, datagram: bytes) -> None:
        """One datagram of a side."""
        self._last = (ts, frame)
        if self._queue:
            self._queue.put((side, ts, frame, lost, datagram), len(datagram))
        else:
            self._run((side, ts, frame, lost, datagram))

    def resume(self) -> bool:
        """Go on with what waits, if the keys are there by now; False while they are not."""
        while self._queue:
            if not self._run(self._queue.take()):
                return False
        return True

    def finish(self) -> None:
        """No more keys will come: open what can be opened, count the rest."""
        self._final = True
        self.resume()

    def close(self) -> None:
        """Forget keys and what waits; the plaintext's readers are told that it is over."""
        self._queue.clear()
        self._made = None
        for each in self._sealed or ():
            each.forget()
        self._exchange.close()
        self.out.close(*self._last)

    def _run(self, item: Item) -> bool:
        side, ts, frame, _, datagram = item
        wire, vain = hs.Wire(datagram), self.out.in_vain
        while wire.left:
            begin = wire.at
            try:
                if is_sealed(datagram[begin]):
                    self._open(side, ts, frame, take_sealed(wire, self._cid_bytes(side)))
                else:
                    head, number = wire.take(3), wire.number(8)
                    self._record(side, ts, frame, head, number, wire.block(2))
            except hs.Broken:
                break
            except Stalled:
                self._queue.put_back((side, ts, frame, 0, datagram[begin:]), len(datagram) - begin)
                return False
            finally:
                self.out.in_vain = min(self.out.in_vain, vain + 1)  # whatever stands in one datagram
        return True

    def _record(self, side: int, ts: int, frame: int, head: bytes, number: int, body: bytes) -> None:
        """One record; `number` is its epoch and sequence number. Raises Stalled, Broken."""
        if number >> 48 == 0:
            if head[0] == REC_HANDSHAKE:
                self._handshake(side, body)
            return
        made = self._protections()
        if made is None:
            self.out.fail(self.out.reason)
            return
        if number >> 48 > 1:
            self.out.fail("a further handshake")
            return
        replays, counted = self._replays[side], number & (1 << 48) - 1
        if replays.is_again(counted):
            return
        try:
            plain = made[0 if side == self._client_side else 1].open(number, head, body)
        except Unverified:
            self.out.fail("a record did not verify")
            return
        replays.take(counted)
        if head[0] == REC_DATA and plain:
            self.out.put(side, ts, frame, plain)
        elif head[0] == REC_ALERT:
            self.out.alert(plain)

    def _open(self, side: int, ts: int, frame: int, record: Sealed) -> None:
        """One record of DTLS 1.3. Raises Stalled, Broken."""
        keys = self._keys13()
        if keys is None:
            return
        try:
            plain = keys[0 if side == self._client_side else 1].open(record).rstrip(b"\0")
        except KeyError:
            if not self._final:
                raise Stalled from None
            self.out.fail("a secret is not there")
            return
        except Unverified:
            self.out.fail("a record did not verify")
            return
        kind, said = plain[-1] if plain else 0, plain[:-1]
        if kind == REC_DATA and said:
            self.out.put(side, ts, frame, said)
        elif kind == REC_ALERT:
            self.out.alert(said)
        elif kind == REC_HANDSHAKE:
            for message, body, _ in self._fragments[side].take(hs.Wire(said)):
                with contextlib.suppress(hs.Broken):
                    self._message13(side, message, body)

    def _message13(self, side: int, kind: int, body: bytes) -> None:
        if side == self._client_side:
            return
        if kind == hs.ENCRYPTED_EXTENSIONS:
            self.out.alpn(hs.chosen_alpn(body))
        elif kind == hs.CERTIFICATE:
            self.out.certificate(hs.leaf_certificate(body))
        elif kind == hs.COMPRESSED_CERT:
            self.out.certificate(hs.leaf_certificate(hs.inflated_certificate(body)))

    def _keys13(self) -> tuple[Dtls13Keys, Dtls13Keys] | None:
        """The client's and the server's, or None when there will be none. Raises Stalled."""
        if self._sealed is None:
            server = self._exchange.server
            suite = suite_of(server.suite) if server is not None else None
            if server is None or server.version != VERSION or suite is None:  # RFC 9147 section 4.5.2: not counted
                if server is None:
                    self.out.reason = NO_HELLO
                return None
            secrets = self._keys.of(self.random)
            if secrets is None:
                if not self._final:
                    raise Stalled
                return None
            self.out.origin = secrets.origin
            self._sealed = Dtls13Keys(suite, secrets, True), Dtls13Keys(suite, secrets, False)
        return self._sealed

    def _cid_bytes(self, side: int) -> int:
        """Of the connection IDs that its receiver has asked for."""
        asked = self._exchange.server if side == self._client_side else self._exchange.client
        return asked.cid if asked is not None else 0

    def _handshake(self, side: int, body: bytes) -> None:
        for kind, message, said in self._fragments[side].take(hs.Wire(body)):
            if kind == hs.CLIENT_HELLO:
                self._client_side = side
            self._exchange.take(kind, message, said)
            if kind == hs.CLIENT_HELLO and self._exchange.client is not None:
                self.random = self._exchange.client.random

    def _protections(self) -> list[Protection] | None:
        """The client's and the server's, or None when there will be none. Raises Stalled."""
        if self._made is None:
            try:
                found = self._exchange.protections()
            except Unsupported as e:
                self.out.reason = str(e)
                return None
            if found is None and not self._final:
                raise Stalled
            self._made = list(found) if found else None
            self.out.origin = self._exchange.origin or "keylog"
        return self._made
