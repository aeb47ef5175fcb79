"""One TLS flow over TCP: its records wait until the keys are there, and are opened in the order they were sent."""

from __future__ import annotations

import collections
import contextlib
from typing import Generic, Protocol, TypeVar

from netwatch.decrypt import handshake as hs
from netwatch.decrypt.direction import HEAD, Stalled
from netwatch.decrypt.exchange import Sessions
from netwatch.decrypt.keylog import KeyLog
from netwatch.decrypt.plaintext import Plaintext
from netwatch.decrypt.tls12 import Tls12
from netwatch.decrypt.tls13 import Tls13

REC_HANDSHAKE = 22
TLS13 = 0x0304
DRAFTS = 0x7F  # the first byte of the version in drafts of TLS 1.3
ITEM_COST = 256  # bytes of memory counted for what waits, beside its own
IN_VAIN = 256  # records that may fail one after the other before the flow is left
NO_HELLO = "a hello was not seen"

Item = tuple[int, int, int, int, bytes]  # side, ns, frame, bytes lost before, records
T = TypeVar("T")


class Held:
    """`size`: bytes of memory that a queue takes."""

    size = 0


class Queue(Held, Generic[T]):
    """What waits for keys, in order."""

    def __init__(self) -> None:
        self._items: collections.deque[tuple[T, int]] = collections.deque()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T, size: int) -> None:
        """Behind all others; `size` bytes are its own."""
        self._items.append((item, size))
        self.size += size + ITEM_COST

    def put_back(self, item: T, size: int) -> None:
        """Before all others: what was taken, or is left of it."""
        self._items.appendleft((item, size))
        self.size += size + ITEM_COST

    def take(self) -> T:
        item, size = self._items.popleft()
        self.size -= size + ITEM_COST
        return item

    def clear(self) -> None:
        self._items.clear()
        self.size = 0


class SealedFlow(Protocol):
    """What the service wants of a flow: the keys of the client's `random`; `ended` is set when all has been seen."""

    random: bytes
    ended: bool
    out: Plaintext
    _queue: Held

    def __init__(self, keys: KeyLog, sessions: Sessions, out: Plaintext) -> None: ...

    @property
    def waiting(self) -> int:
        """Bytes that are held until the keys come."""
        return self._queue.size

    @property
    def hopeless(self) -> bool:
        """So many records failed that the keys cannot be right."""
        return self.out.in_vain >= IN_VAIN

    def take(self, side: int, ts: int, frame: int, lost: int, data: bytes) -> None:
        """What a side sent: whole records or a datagram, after `lost` bytes that will not come."""

    def resume(self) -> bool:
        """Go on with what waits, if the keys are there by now; False while they are not."""

    def finish(self) -> None:
        """No more keys will come: open what can be opened, count the rest."""

    def close(self) -> None:
        """Forget keys and what waits; the plaintext's readers are told that it is over."""


class TlsFlow(SealedFlow):
    """The records of a TLS connection, in order."""

    def __init__(self, keys: KeyLog, sessions: Sessions, out: Plaintext) -> None:
        self.random = b""
        self.ended = False
        self.out = out
        self._keys = keys
        self._sessions = sessions
        self._queue: Queue[Item] = Queue()
        self._hellos = (hs.Messages(), hs.Messages())
        self._client: hs.ClientHello | None = None
        self._server: hs.ServerHello | None = None
        self._client_side = 0
        self._session: Tls12 | Tls13 | None = None
        self._stalled = False  # nothing can be done before keys come
        self._last = (0, 0)

    def take(self, side: int, ts: int, frame: int, lost: int, records: bytes) -> None:
        """Whole records of a side, after `lost` bytes that will not come."""
        self._last = (ts, frame)
        item = (side, ts, frame, lost, records)
        if self._server is None:
            self._look(side, lost, records)
        if self._session is not None and not self._queue:
            self._run(item)
            return
        self._queue.put(item, len(records))
        if not self._stalled:
            self.resume()

    def resume(self) -> bool:
        """Go on with what waits, if the keys are there by now; False while they are not."""
        self._stalled = False
        if self._session is None:
            self._start()
        while self._queue and self._session is not None:
            if not self._run(self._queue.take()):
                return False
        return not self._queue

    def finish(self) -> None:
        """No more keys will come: open what can be opened, count the rest."""
        if self._session is None:
            self._start(final=True)
        if self._session is not None:
            self._session.final = True
            self.resume()
        elif self._client is None:
            self.out.reason = NO_HELLO
        self._queue.clear()

    def close(self) -> None:
        """Forget keys and what waits; the plaintext's readers are told that it is over."""
        self._queue.clear()
        if self._session is not None:
            self._session.close()
            self._session = None
        self.out.close(*self._last)

    def _run(self, item: Item) -> bool:
        """Open the item's records; what needs keys that are not there goes back to the head of the queue."""
        side, ts, frame, lost, records = item
        session = self._session
        assert session is not None
        if lost:
            session.lost(side, lost)
        view, at, end = memoryview(records), 0, len(records)
        while at < end:
            size = HEAD + (records[at + 3] << 8 | records[at + 4])
            try:
                session.record(side, ts, frame, records[at], records[at : at + 3], view[at + HEAD : at + size])
            except Stalled:
                self._queue.put_back((side, ts, frame, 0, records[at:]), len(records) - at)
                self._stalled = True
                return False
            at += size
        return True

    def _look(self, side: int, lost: int, records: bytes) -> None:
        """Find the hellos: they say whose keys are wanted."""
        at = 0
        if lost:
            self._hellos[side].clear()
        while at < len(records) and self._server is None:
            size = HEAD + (records[at + 3] << 8 | records[at + 4])
            if records[at] == REC_HANDSHAKE:
                with contextlib.suppress(hs.Broken):
                    for kind, message in self._hellos[side].take(records[at + HEAD : at + size]):
                        self._hello(side, kind, message[4:])
            at += size

    def _hello(self, side: int, kind: int, body: bytes) -> None:
        """The first hello of the client says what it offered; after a retry its random is the same."""
        if kind == hs.CLIENT_HELLO and self._client is None:
            self._client, self._client_side = hs.client_hello(body), side
            self.random = self._client.random
        elif kind == hs.SERVER_HELLO and self._server is None:
            found = hs.server_hello(body)
            if not found.retry:
                self._server = found

    def _start(self, final: bool = False) -> None:
        """Make a session of what the hellos say. Without the server's only the suites of TLS 1.3 can be tried."""
        if self._client is None or (self._server is None and not final):
            return
        secrets = self._keys.of(self._client.random)
        version = self._server.version if self._server else TLS13
        if version == TLS13 or version >> 8 == DRAFTS:
            self._stalled = secrets is None
            if secrets is not None:
                self.out.origin = secrets.origin
                self._session = Tls13(secrets, self._client, self._server, self._client_side, self.out)
        elif self._server is not None:
            self._session = Tls12(self._keys, self._sessions, self._client_side, self.out)
