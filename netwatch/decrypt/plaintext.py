"""Where decrypted bytes and facts of one flow go: to the engine's classifiers, and into what its record says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch._fast.out.inner import Inner, learn
from netwatch.decrypt.secrets import Bytes
from netwatch.model.event import Event

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine

FACT_ALPN_CHOSEN, FACT_CERT, FACT_ALERT = 14, 16, 17  # of tls/hello.pxd
FACT_CLOSE = 35  # of quic/packets.pxd
LEAF_MOST = 6144  # bytes of a certificate that a flow's facts take
NO_KEYS = "no keys for it"
CLOSE_NOTIFY, USER_CANCELED = 0, 90


class Plaintext:
    """The inside of a flow. `bytes` were opened, `failed` records were not, the last
    for `reason`; `origin` is where the keys came from."""

    def __init__(self, engine: Engine, row: int, key: int, app: str, flow: int = 0,
                 events: list[Event] | None = None) -> None:
        """`events`: where those of a flow with several streams go."""
        self.bytes = 0
        self.failed = 0
        self.in_vain = 0  # records that failed since one did not
        self.origin = ""
        self.reason = NO_KEYS
        self.where = (engine, row, key)
        self._flow = flow
        self._events = [] if events is None else events
        self._app = app
        self._inner: Inner | None = None
        self._learnt: set[int] = set()

    def put(self, side: int, ts: int, frame: int, data: Bytes) -> None:
        """The side's next bytes, completed by that frame at that time (ns)."""
        self.in_vain = 0
        self.bytes += len(data)
        if self._inner is None:
            self._inner = Inner(*self.where)
        self._inner.feed(side, ts, frame, data)

    def lost(self, side: int, ts: int, frame: int, n: int) -> None:
        """n bytes of the side's plaintext are missing here; 0: nobody knows how many."""
        if self._inner is None:
            self._inner = Inner(*self.where)
        self._inner.lost(side, ts, frame, n)

    def tell(self, kind: str, app: str, side: int, ts: int, frame: int, stream: int, data: bytes, extra: int) -> None:
        """An event of one of the flow's streams; see netwatch/model/contract.py."""
        self._events.append(Event(frame, self._flow, kind, ts, *self.where, side, True, data, extra, app, stream))

    def opened(self, n: int = 0) -> None:
        """A packet was, with so many bytes of content."""
        self.in_vain = 0
        self.bytes += n

    def close_reason(self, value: bytes) -> None:
        """Error code in 8 bytes, 1 for the server, reason: as quic/packets.pxd has it."""
        self._learn(FACT_CLOSE, value)

    def fail(self, reason: str) -> None:
        """A record could not be opened."""
        self.failed += 1
        self.in_vain += 1
        self.reason = reason

    def alpn(self, name: bytes) -> None:
        if name:
            self._learn(FACT_ALPN_CHOSEN, name)

    def certificate(self, leaf: bytes) -> None:
        """The server's own, as DER."""
        if leaf and len(leaf) <= LEAF_MOST:
            self._learn(FACT_CERT, leaf)

    def alert(self, body: bytes) -> None:
        """Level and description; the end of the connection is none worth telling."""
        if len(body) == 2 and body[1] not in (CLOSE_NOTIFY, USER_CANCELED):
            self._learn(FACT_ALERT, bytes(body))

    def close(self, ts: int, frame: int) -> None:
        if self._inner is not None:
            self._inner.close(ts, frame)
            self._inner = None

    def alive(self) -> bool:
        """Does the engine still know the flow?"""
        return bool(learn(*self.where, self._app))

    def _learn(self, fact: int, value: bytes) -> None:
        if fact not in self._learnt:
            self._learnt.add(fact)
            learn(*self.where, self._app, fact, value)
