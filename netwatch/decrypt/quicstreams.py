"""Streams of a QUIC connection (RFC 9000 section 2): bytes at offsets, in any order and more than once, made a row.

What waits for bytes before it is bounded for the whole connection; over that the stream that holds most goes on after
its hole, as it does when nothing more comes.
"""

from __future__ import annotations

import collections
import heapq
from collections.abc import Iterator
from typing import NamedTuple

WAITING_MOST = 4_194_304  # bytes of a connection that wait for others
PART_COST = 128  # bytes of memory counted for a part, beside its own
STREAMS_MOST = 4096  # known at once, each side; the oldest goes
DONE_MOST = 16384  # numbers of streams kept that are over
OFFSET_MOST = 1 << 62
HEAP_MOST = 65_536  # entries of the heap of streams that wait, before those that are no more so are taken out


class Row(NamedTuple):
    """The next bytes of a stream, after `missing` that never came; `fin`: none follow."""

    data: bytes
    missing: int
    fin: bool


class Ordered:
    """The bytes of one sender in one stream."""

    def __init__(self) -> None:
        self.next = 0
        self.waiting = 0
        self.parts: dict[int, bytes] = {}
        self._offsets: list[int] = []  # of the parts, a heap
        self.end = OFFSET_MOST

    def put(self, offset: int, data: bytes, fin: bool = False) -> None:
        if fin:
            self.end = min(self.end, offset + len(data))
        if offset + len(data) <= self.next or offset + len(data) > OFFSET_MOST:
            return
        old = self.parts.get(offset)
        if old is None:
            heapq.heappush(self._offsets, offset)
            self.waiting += PART_COST
        if old is None or len(data) > len(old):
            self.parts[offset] = data
            self.waiting += len(data) - len(old or b"")

    def take(self) -> bytes:
        """What has become whole."""
        found = []
        while self._offsets and self._offsets[0] <= self.next:
            at = heapq.heappop(self._offsets)
            part = self.parts.pop(at)
            self.waiting -= len(part) + PART_COST
            part = part[self.next - at :]
            if part:
                found.append(part)
                self.next += len(part)
        return b"".join(found)

    def skip(self) -> int:
        """Go on after the hole; how many bytes it had."""
        hole = max(self._offsets[0] - self.next, 0) if self._offsets else 0
        self.next += hole
        return hole

    @property
    def over(self) -> bool:
        return self.next >= self.end


class Streams:
    """Those of one sender."""

    def __init__(self) -> None:
        self.waiting = 0
        self._open: collections.OrderedDict[int, Ordered] = collections.OrderedDict()
        self._done: collections.OrderedDict[int, None] = collections.OrderedDict()
        self._fullest: list[tuple[int, int]] = []  # a heap of (-bytes that waited, stream); old ones are passed over

    def put(self, number: int, offset: int, data: bytes, fin: bool) -> Iterator[tuple[int, Row]]:
        """(stream, bytes) of what a STREAM frame makes whole, in its stream or, where room had to be made, others."""
        if number in self._done:
            return
        stream = self._open.get(number)
        if stream is None:
            if len(self._open) >= STREAMS_MOST:
                yield from self._flushed(next(iter(self._open)))
            stream = self._open[number] = Ordered()
        held = stream.waiting
        stream.put(offset, data, fin)
        found = stream.take()
        self.waiting += stream.waiting - held
        if found or stream.over:
            yield number, Row(found, 0, stream.over)
        if stream.over:
            self._forget(number)
        if stream.waiting and stream.waiting != held:
            heapq.heappush(self._fullest, (-stream.waiting, number))
        while self.waiting > WAITING_MOST:
            yield from self._jump(self._holds_most())
        if len(self._fullest) > HEAP_MOST:
            self._fullest = [(-each.waiting, at) for at, each in self._open.items() if each.waiting]
            heapq.heapify(self._fullest)

    def _holds_most(self) -> int:
        """The stream of which most waits."""
        while True:
            waiting, number = heapq.heappop(self._fullest)
            stream = self._open.get(number)
            if stream is not None and stream.waiting == -waiting:
                return number

    def reset(self, number: int) -> bool:
        """Nothing more comes of a stream; False where that was known."""
        if number in self._done:
            return False
        self._open.setdefault(number, Ordered())
        self._forget(number)
        return True

    def flush(self) -> Iterator[tuple[int, Row]]:
        """Nothing more comes of any: what is there, with its holes."""
        for number in list(self._open):
            yield from self._flushed(number)

    def _flushed(self, number: int) -> Iterator[tuple[int, Row]]:
        while self._open[number].parts:
            yield from self._jump(number)
        self._forget(number)

    def _jump(self, number: int) -> Iterator[tuple[int, Row]]:
        stream = self._open[number]
        held, missing = stream.waiting, stream.skip()
        found = stream.take()
        self.waiting += stream.waiting - held
        if stream.waiting:
            heapq.heappush(self._fullest, (-stream.waiting, number))
        yield number, Row(found, missing, stream.over)

    def _forget(self, number: int) -> None:
        self.waiting -= self._open.pop(number).waiting
        self._done[number] = None
        if len(self._done) > DONE_MOST:
            self._done.popitem(last=False)
