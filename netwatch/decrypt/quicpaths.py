"""Where a QUIC connection goes on from another address (RFC 9000 section 9): flows known by its connection IDs.

A flow that begins with a short header and a connection ID that somebody issued may be a path of that connection; it
is one once a packet of it has been opened. The connection lives as long as the flow it began on.
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

from netwatch._fast.out.inner import join, learn, name
from netwatch.decrypt.plaintext import Plaintext
from netwatch.decrypt.quic import Datagram, Path, QuicFlow
from netwatch.decrypt.quicsender import CLIENT

if TYPE_CHECKING:
    from netwatch.model.event import Event, FlowRef

SEALED_END = 0xFFFFFFFF  # look/protocol.pxd
CIDS_MOST = 65536  # known at once, of all connections
CID_LEAST = 4  # bytes of one that is no coincidence
PATHS_MOST = 16384
FAILED_MOST = 8  # packets that may not open before a flow is taken for something else
VERSION = 32  # fact key of quic/packets.pxd


class Further:
    """A path beside the first; `main` is where its connection began."""

    def __init__(self, main: FlowRef, event: Event, client_side: int) -> None:
        self.main = main
        self.out = Plaintext(event.engine, event.row, event.key, "quic", event.flow)
        self.path = Path(self.out, client_side)
        self.joined = False

    def take(self, flow: QuicFlow, event: Event) -> None:
        """A datagram; the first that opens gives the flow its name."""
        flow.arrive(Datagram(self.path, event.side, event.time_ns, event.frame, event.payload))
        if self.path.proven and not self.joined:
            self.joined = True
            where = self.out.where
            join(*where)
            learn(*where, "quic", VERSION, flow.version.to_bytes(4, "big"))
            if flow.app == "http3":
                name(*where, "http3", 100)


class Paths:
    """All that are known, by flow, and the connection IDs that may lead to more."""

    def __init__(self) -> None:
        self._paths: collections.OrderedDict[FlowRef, Further] = collections.OrderedDict()
        self._cids: collections.OrderedDict[bytes, tuple[FlowRef, int]] = collections.OrderedDict()
        self._sizes: collections.Counter[int] = collections.Counter()
        self._of: dict[FlowRef, tuple[set[FlowRef], set[bytes]]] = {}  # of a connection: its paths and IDs

    def learn(self, place: FlowRef, flow: QuicFlow) -> None:
        """The connection IDs that were issued since the last time."""
        for cid, role in flow.issued:
            if len(cid) >= CID_LEAST and cid not in self._cids:
                self._cids[cid] = (place, role)
                self._sizes[len(cid)] += 1
                self._of.setdefault(place, (set(), set()))[1].add(cid)
        flow.issued.clear()
        while len(self._cids) > CIDS_MOST:
            self._drop(next(iter(self._cids)))

    def find(self, place: FlowRef, event: Event) -> Further | None:
        """The path that the event is of, None when it is of none, or is its end."""
        found = self._paths.get(place)
        if found is None and event.app is None and event.extra != SEALED_END:
            found = self._fresh(place, event)
        if found is not None and (event.extra == SEALED_END or
                                  (not found.joined and found.out.failed >= FAILED_MOST)):
            self._leave(place)
            return None
        return found

    def forget(self, main: FlowRef) -> None:
        """A connection is over."""
        paths, cids = self._of.get(main, ((), ()))
        for place in list(paths):
            self._leave(place)
        for cid in list(cids):
            self._drop(cid)

    def _fresh(self, place: FlowRef, event: Event) -> Further | None:
        for size in [size for size, count in self._sizes.items() if count]:
            known = self._cids.get(event.payload[1 : 1 + size])
            if known is not None:
                main, issuer = known
                client_side = 1 - event.side if issuer == CLIENT else event.side
                found = self._paths[place] = Further(main, event, client_side)
                self._of.setdefault(main, (set(), set()))[0].add(place)
                if len(self._paths) > PATHS_MOST:
                    self._leave(next(iter(self._paths)))
                return found
        return None

    def _drop(self, cid: bytes) -> None:
        self._sizes[len(cid)] -= 1
        main, _ = self._cids.pop(cid)
        self._of[main][1].discard(cid)
        self._tidy(main)

    def _leave(self, place: FlowRef) -> None:
        """It is no path any more."""
        main = self._paths.pop(place).main
        self._of[main][0].discard(place)
        self._tidy(main)

    def _tidy(self, main: FlowRef) -> None:
        if not any(self._of[main]):
            del self._of[main]
