"""The newest frames of a session, whole, and which of them pass a filter.

Flows are asked once, all of them; frames a piece at a time, so that whoever asks can show how far it has come.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection, Generator, Sequence
from typing import TYPE_CHECKING

from netwatch._fast.input.reread import Reread
from netwatch._fast.view.engineview import counts
from netwatch._fast.view.framering import Excerpt, FrameRing
from netwatch._fast.view.framescan import FrameScan
from netwatch.addons.packets.further import further_fields, to_ask
from netwatch.addons.packets.opening import Openings
from netwatch.filter import Filter
from netwatch.filter.distinct import classes_of
from netwatch.filter.split import Leaf, Split, of_flows
from netwatch.model.contract import Addon, Store
from netwatch.model.record import Record
from netwatch.schema import FIELDS

if TYPE_CHECKING:
    from netwatch.model.contract import Run, Session

MEGABYTE = 1_000_000
SCANS = 4  # filters whose answers are kept
PIECE = 2048  # frames looked at while the engine waits
INKS = ("bad", "warn", "good", "accent", "muted")  # that frames may be told in; the first whose filter they pass counts
FURTHER = frozenset(field.key("packet") for field in FIELDS if "packet" in field.asked)
STALE = 2.0  # seconds after which what a filter said of flows, which change, is asked again
REST = 20  # and this often the time it took to ask


def of_packets(text: str) -> Filter:
    """A filter whose conditions on flags and the like are held against single packets, as `read --what packets` has
    it. Raises FilterError."""
    return Filter(text, ("packet",))


def further_of(where: Filter) -> tuple[str, ...]:
    """The fields that a filter asks of packets which their records have only where they are asked for."""
    return tuple(name for name in classes_of(where.node, "packet") if name in FURTHER)


class KeptFrames(Addon):
    """Keeps frames: the engine tells the ring of every one itself. Whoever looks at `ring` holds the session's lock."""

    def begin(self, run: Run) -> None:
        room, of_file = run.settings.of("packets.ring_mb"), run.settings.of("packets.file_mb")
        again = not run.purpose.live and Reread(run.source).able
        self._room = (room if run.purpose.live or again else max(room, of_file)) * MEGABYTE
        self.ring = FrameRing(self._room)
        self.ring.attach(run.engines[0], run.source if again else None, of_file * MEGABYTE)
        self.relative: bool = run.settings.of("packets.relative_seq")
        self.rules = tuple((ink, of_packets(text)) for ink in INKS if (text := run.settings.of(f"packets.color.{ink}")))
        self.columns = further_fields(run.settings.of("packets.columns"))
        self.asked = tuple({*to_ask(self.columns), *(name for _, where in self.rules for name in further_of(where))})
        self.said: tuple[object, object] | None = None  # the flow that was followed last, and what it says
        self.openings = Openings()
        self._scans: OrderedDict[tuple[str, int], Scan] = OrderedDict()

    def stores(self) -> Sequence[Store]:
        frames, size = self.ring.memory
        return (Store("frames of Packets", frames, None, size, self.ring.first, self._room),)

    def ink_of(self, record: Record, flow: Record | None) -> str:
        """The ink of INKS for a frame, by the user's rules; "" where none says anything."""
        return next((ink for ink, where in self.rules if where.matches(record, flow)), "")

    def scan(self, where: Filter | None, flow: int) -> Scan:
        """The frames that pass a filter (None: any) and are of a flow (0: any), as far as they have been found."""
        key = ("" if where is None else where.text, flow)
        found = self._scans.pop(key, None) or Scan(self.ring, where, flow)
        self._scans[key] = found
        while len(self._scans) > SCANS:
            self._scans.popitem(last=False)
        return found


class Scan:
    """Ordinals of the frames that pass, oldest first; those before `upto` have been looked at."""

    def __init__(self, ring: FrameRing, where: Filter | None, flow: int) -> None:
        self.ring, self.flow = ring, flow
        self.where = where = of_packets(where.text) if where is not None else None
        self.all = where is None and not flow
        self.picks: array[int] = array("Q")
        self.upto = 0
        self._split = Split(where.node) if where is not None else None
        self._frames: FrameScan | None = None
        self._told_at = -1  # packets there had been when flows were asked
        self._next: Scan | None = None
        self._renew_at = 0.0
        self._took = 0.0

    def go_on(self, session: Session, seconds: float) -> None:
        """Look at more frames, for about so long. Takes the session's lock by the piece."""
        if self.all:
            return
        ends = time.monotonic() + seconds
        while self._step(session) and time.monotonic() < ends:
            pass
        if self._of_flows:
            self._renew(session, ends)
        with session.lock:
            first = self.ring.first
        gone = bisect_left(self.picks, first)
        if gone > 4096 or (gone and gone == len(self.picks)):
            self.picks = self.picks[gone:]

    def stale(self, session: Session) -> bool:
        """Have flows learnt more since they were asked? The lock is held."""
        return bool(self._of_flows) and self._told_at != counts(session.engine)["packets"]

    @property
    def _of_flows(self) -> list[tuple[int, Leaf]]:
        """The conditions that flows answer, and their bits."""
        leaves = enumerate(self._split.leaves) if self._split is not None else ()
        return [(bit, leaf) for bit, leaf in leaves if of_flows(leaf, "packet")]

    def _renew(self, session: Session, ends: float) -> None:
        """What is said of flows changes with them: look through all once more, and then let that count."""
        began = time.monotonic()
        if self._next is None:
            with session.lock:
                stale = self.stale(session)
            if began < self._renew_at or not stale:
                return
            self._next = Scan(self.ring, self.where, self.flow)
        more = True
        while more and time.monotonic() < ends:
            more = self._next._step(session)
        self._took += time.monotonic() - began
        if not more:
            new = self._next
            self.picks, self.upto, self._frames, self._told_at = new.picks, new.upto, new._frames, new._told_at
            self._next, self._renew_at = None, time.monotonic() + max(STALE, REST * self._took)
            self._took = 0.0

    def _step(self, session: Session) -> bool:
        """One piece; False when there is none left, or when the file has been begun again meanwhile."""
        if self._split is not None and self._frames is None:
            self._frames = self._begin(session, self._split)
        with session.lock:
            ring = self.ring
            if session.get(KeptFrames).ring is not ring:
                return False
            start = max(self.upto, ring.first)
            stop = min(ring.next, start + (PIECE if self._frames is not None else 65536))
            if start >= stop:
                return False
            self.picks.extend(ring.of_flow(self.flow, start, stop) if self._frames is None else
                              self._frames.passing(session.engine, self.flow, start, stop))
            self.upto = stop
            return bool(stop < ring.next)

    def _begin(self, session: Session, split: Split) -> FrameScan:
        """With what flows say to the filter by now."""
        words: list[bytes] = []
        assert self.where is not None
        classes = classes_of(self.where.node, "packet", words)
        with session.lock:
            self._told_at = counts(session.engine)["packets"]
        frames = FrameScan(self.ring, session.source.interfaces, classes, words, split.passes)
        for bit, leaf in self._of_flows:
            session.look(_tell(session, frames, bit, Filter(self.where.text, node=leaf)))
        return frames

    def span(self, anchor: int, before: int, after: int, end: int | None = None) -> tuple[list[int], int, int]:
        """(ordinals round an anchor, index of the first of them, how many there are). -1: the end. Of the frames before
        the ordinal `end`, where there is one."""
        ring = self.ring
        if self.all:
            total = max(0, (ring.next if end is None else min(end, ring.next)) - ring.first)
            place = total if anchor < 0 else min(max(anchor - ring.first, 0), total)
            start, stop = max(0, place - before), min(total, place + after)
            return list(range(ring.first + start, ring.first + stop)), start, total
        gone = bisect_left(self.picks, ring.first)
        last = len(self.picks) if end is None else max(gone, bisect_left(self.picks, end))
        place = last if anchor < 0 else min(bisect_left(self.picks, anchor, gone), last)
        start, stop = max(gone, place - before), min(last, place + after)
        return list(self.picks[start:stop]), start - gone, last - gone


def _tell(session: Session, frames: FrameScan, bit: int, where: Filter) -> Generator[bool, None, None]:
    """What flows say to a condition; for look()."""
    found = yield from session.view.select(where)
    yield True
    frames.tell(bit, found)


def records(session: Session, k: int, further: Collection[str] = ()) -> tuple[Record, Record | None]:
    """(packet record, record of its flow or None), as `read --what packets` has them, with `further` fields of
    further_of(). The lock is held."""
    ring = session.get(KeptFrames).ring
    record = ring.record(k, session.source.interfaces, further, session.engine)
    row = ring.row(session.engine, k)
    flow = session.record(row) if row else None
    if flow and "app" in flow:
        record["app"] = flow["app"]
    return record, flow


def excerpt(session: Session, flow: int, most: int) -> Excerpt:
    """The kept frames of a flow, as a source."""
    ring = session.get(KeptFrames).ring
    with session.lock:
        taken: Excerpt = ring.excerpt(ring.of_flow(flow, ring.first, ring.next), most)
    return taken.describe(session.source.interfaces, session.source.secrets)
