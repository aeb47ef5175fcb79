"""One end of a QUIC connection: what it has sent so far, at which levels, and the connection IDs it answers to."""

from __future__ import annotations

import collections

from netwatch.decrypt import handshake as hs
from netwatch.decrypt import quicwire as wire
from netwatch.decrypt.quickeys import PacketKeys
from netwatch.decrypt.quicstreams import Ordered, Streams

CLIENT, SERVER = 0, 1
CIDS_MOST = 64
CRYPTO_MOST = 262_144  # bytes of a handshake that wait for others
SPACES = {wire.INITIAL: 0, wire.HANDSHAKE: 1, wire.EARLY: 2, wire.ONE_RTT: 2}  # of packet numbers, RFC 9000 12.3


class Sender:
    """`keys` are those for what it sends, by kind of packet and version: several where the suite is not known."""

    def __init__(self) -> None:
        self.keys: dict[tuple[int, int], list[PacketKeys]] = {}
        self.streams = Streams()
        self._following = [0, 0, 0]
        self._crypto: dict[int, tuple[Ordered, hs.Messages]] = {}
        self._cids: collections.OrderedDict[int, bytes] = collections.OrderedDict()
        self._cid_size = -1  # of the first

    def following(self, kind: int) -> int:
        """One past the largest packet number so far."""
        return self._following[SPACES[kind]]

    def saw(self, kind: int, number: int) -> None:
        space = SPACES[kind]
        self._following[space] = max(self._following[space], number + 1)

    def handshake(self, level: int, offset: int, data: bytes) -> list[bytes]:
        """Whole messages, with their heads of 4 bytes, that a CRYPTO frame completes."""
        if level not in self._crypto:
            self._crypto[level] = (Ordered(), hs.Messages())
        ordered, messages = self._crypto[level]
        if ordered.waiting + len(data) > CRYPTO_MOST:
            return []
        ordered.put(offset, data)
        return [message for _, message in messages.take(ordered.take())]

    def add_cid(self, number: int, cid: bytes) -> bool:
        """It may be spoken to by this from now on; False where that is known."""
        if self._cid_size < 0:
            self._cid_size = len(cid)
        if not cid or self._cids.get(number) == cid:
            return False
        self._cids[number] = cid
        if len(self._cids) > CIDS_MOST:
            self._cids.popitem(last=False)
        return True

    def drop_cid(self, number: int) -> None:
        """The other end will not use it any more."""
        if len(self._cids) > 1:
            self._cids.pop(number, None)

    def cid_size(self, head: bytes) -> int:
        """How long the connection ID is with which a packet to it begins; -1 before it has named one."""
        for cid in reversed(self._cids.values()):
            if cid and head.startswith(cid):
                return len(cid)
        return self._cid_size
