"""Frames on their way to a file wait for a moment: what a flow is, and whose, is known only after its first packets.

They wait where the engine puts them (FrameRing), in packet time, and none is a Python object. Each is written or passed
over by its flow, with what is known of the flow by then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from netwatch._fast.view.framering import FrameRing
from netwatch.export.evidence import KEYS, LOOKED_UP, evidence_of
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch._fast.input.pcapngwriter import CaptureWriter
    from netwatch.model.contract import Where

WAIT_NS = 1_000_000_000
PIECE = 256  # frames between two looks at the size of the file
MOST = 65_536  # flows whose verdict is kept
NAMES_MOST = 65_536
TRIGGERED = 100
NEVER = (1 << 64) - 1
Look = Callable[[int, frozenset[str]], Record]  # the record of a row, as far as those keys go


class Output(Protocol):
    """Where frames go: the files of a recorder, or standard output."""

    def put(self, write: Callable[[CaptureWriter], int], first_ns: int, last_ns: int) -> int | None:
        """Let packets be written, of which the first and the last are of these times; how many were. None: they were
        not taken, and are to be offered again."""


class Verdict(NamedTuple):
    """What became of a flow: what is written beside its packets (None: they are not written), and when to ask again, in
    ns of packet time; `asked` is when it was at first."""

    options: bytes | None
    asked: int
    again: int


class Line:
    """From a ring to where its frames go, one session."""

    def __init__(self, ring: FrameRing, engine: Engine, look: Look, where: Where | None,
                 trigger: Where | None = None, start: int = 0, wait_ns: int = WAIT_NS) -> None:
        """`trigger`: a filter; the flows that pass it are told of in `triggered`. `start`: the first frame."""
        self._wait_ns = wait_ns
        self.ring, self._engine, self._look, self._where, self._trigger = ring, engine, look, where, trigger
        self._keys = KEYS.union(*(_keys_of(each) for each in (where, trigger) if each is not None))
        self._at = start  # the next frame to be decided about
        self.triggered: list[tuple[Record, int]] = []  # since somebody looked, with when (ns); the first
        self.more = 0  # beyond these
        self._verdicts: dict[int, Verdict] = {}
        self._pulled: dict[int, None] = {}  # flows that were told of
        self.names: dict[str, str] = {}
        self.lost = 0  # frames that had to make room before they could be written
        self.hurried = 0  # that were decided about early, for want of memory

    def move(self, files: Output, *, all_of_it: bool = False) -> None:
        """Write what has waited long enough."""
        self._miss()
        now = self._engine.clock
        due = self.ring.before(max(0, now - self._wait_ns), self._at) if not all_of_it else self.ring.next
        pressed = max(due, self.ring.within(self.ring.room // 2))
        self.hurried += pressed - due
        while self._at < pressed:
            stop = min(self._at + PIECE, pressed)
            if not self._write(files, stop, now):
                return
            self._at = stop

    @property
    def left(self) -> int:
        """Frames that were not written yet."""
        return int(self.ring.next - max(self._at, self.ring.first))

    def _miss(self) -> None:
        if self._at < self.ring.first:
            self.lost += self.ring.first - self._at
            self._at = self.ring.first

    def _write(self, files: Output, stop: int, now: int) -> bool:
        """The frames before `stop`. False: the disk did not take them."""
        runs = self._runs(stop)
        told: dict[int, bytes | None] = {0: None if self._where is not None else b""}
        for first, last in runs:
            for flow, k in self.ring.flows(first, last).items():
                if flow not in told:
                    told[flow] = self._verdict(flow, k, now).options
        if not runs or (all(options is None for options in told.values()) and self._where is not None):
            return True

        def write(writer: CaptureWriter) -> int:
            return sum(int(self.ring.write_run(writer, *run, told)) for run in runs)

        first, last = (int(self.ring.about(k)["ns"]) for k in (self._at, stop - 1))
        return files.put(write, first, last) is not None

    def _runs(self, stop: int) -> list[tuple[int, int]]:
        """(first, behind the last) of the frames before `stop` that may be written, in order."""
        return [(self._at, stop)]

    def _verdict(self, flow: int, k: int, now: int) -> Verdict:
        """Asked seldom: after a second, and then whenever it is twice as long ago. A flow that passed once passes."""
        known = self._verdicts.get(flow)
        if known is None or now >= known.again:
            row = self.ring.row(self._engine, k)
            record = self._look(row, self._keys) if row else {}
            gone = Verdict(b"" if self._where is None else None, now, now)
            known = self._judged(record, known, now, k) if record else known or gone
        self._keep(flow, known)
        return known

    def _keep(self, flow: int, verdict: Verdict) -> None:
        self._verdicts.pop(flow, None)
        self._verdicts[flow] = verdict  # at the end: the oldest go first
        while len(self._verdicts) > MOST:
            del self._verdicts[next(iter(self._verdicts))]

    def _judged(self, record: Record, before: Verdict | None, now: int, k: int) -> Verdict:
        if self._trigger is not None and record["id"] not in self._pulled and self._trigger.matches(record):
            if len(self.triggered) < TRIGGERED:
                self.triggered.append((record, int(self.ring.about(k)["ns"])))
            else:
                self.more += 1
            self._pulled[record["id"]] = None
            while len(self._pulled) > MOST:
                del self._pulled[next(iter(self._pulled))]
        asked = before.asked if before is not None else now
        passes = self._where is None or (before is not None and before.options is not None) \
            or self._where.matches(record)
        name = record.get("name", {})
        if passes and name.get("via") in LOOKED_UP and "dst" in record and len(self.names) < NAMES_MOST:
            self.names[record["dst"]] = name["host"]
        wait = max(WAIT_NS, now - asked) if passes else WAIT_NS // 10
        return Verdict(evidence_of(record) if passes else None, asked, now + wait)


class ChosenLine(Line):
    """Only frames that were chosen go on, all of them, and what flows were when they ended is what is told of them:
    somebody else looks at flows until then, and no longer."""

    def __init__(self, ring: FrameRing, engine: Engine, look: Look, wait_ns: int) -> None:
        super().__init__(ring, engine, look, None, wait_ns=wait_ns)
        self._chosen: deque[tuple[int, int]] = deque()

    def choose(self, first: int, behind: int) -> None:
        """Frames with these numbers, later ones than before."""
        start, stop = self.ring.numbered(first), self.ring.numbered(behind)
        if self._chosen and self._chosen[-1][1] == start:
            start = self._chosen.pop()[0]
        self._chosen.append((start, stop))

    def ended(self, row: int) -> None:
        """The flow of that row is over; its record will not change."""
        record = self._look(row, self._keys)
        if record:
            self._keep(record["id"], self._judged(record, None, self._engine.clock, 0)._replace(again=NEVER))

    def _runs(self, stop: int) -> list[tuple[int, int]]:
        found = []
        while self._chosen and self._chosen[0][0] < stop:
            first, behind = self._chosen.popleft()
            found.append((max(first, self._at), min(behind, stop)))
            if behind > stop:
                self._chosen.appendleft((stop, behind))
        return found


def _keys_of(where: Where) -> frozenset[str]:
    """The keys of flow records that a filter looks at."""
    return frozenset(name.partition(".")[0] for name in where.fields)
