"""Flows of a live run for what adds them up: those that are over, each once, and the largest that are open. Both in
pieces, as screens wait while the engines hold still."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netwatch._fast.out.events import ended_since
from netwatch._fast.out.rawflow import RawFlow
from netwatch._fast.view.engineview import EngineView
from netwatch.egress.destinations import counts
from netwatch.model.contract import WARNING
from netwatch.model.record import Record
from netwatch.owners.addon import FlowOwners

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run

HELD_S = 0.01  # a chunk, for flows that have ended, and as long for those that are open
OPEN = 4096  # flows that are open, looked at: those of most bytes
MOST = 100_000  # flows that ended between two looks
ASK_S = 1.0  # seconds from the end of a flow until its program is surely known
SHARE = 50  # of so many seconds at most one is spent with flows that are open
Ends = tuple[str, tuple[bytes, int], tuple[bytes, int], int]  # as FlowOwners.program_of() takes them


class Ended:
    """Those that are over, once it is known whose they were."""

    def __init__(self, run: Run, keys: frozenset[str], who: str) -> None:
        """`keys` of their records; `who` adds them up, in words."""
        self._run, self._keys, self._who = run, keys, who
        self._counted: dict[Engine, int] = {}
        self._unread: deque[RawFlow] = deque(maxlen=MOST)
        self._waiting: deque[tuple[float, Record, Ends]] = deque()  # when to ask whose they were
        self.lost = 0  # that were let go before they were read

    @property
    def pending(self) -> bool:
        """Have some ended that there was no time for?"""
        return bool(self._unread)

    def take(self, *, at_once: bool, over: bool) -> Iterator[Record]:
        """Records of further ones. `at_once`: of all that there are; `over`: whether or not it is known whose."""
        self._find()
        until = time.monotonic() + HELD_S
        while self._unread and (at_once or time.monotonic() < until):
            raw = self._unread.popleft()
            if not raw.alive:
                self._lose(1)
                continue
            flow = self._run.flow_record(raw.engine, raw.row, self._keys)
            if "process" in flow or len(self._waiting) >= OPEN or not counts(flow):
                yield flow
                continue
            ends = (raw.src, raw.sport or 0), (raw.dst, raw.dport or 0)
            self._waiting.append((time.monotonic() + ASK_S, flow, (raw.proto, *ends, raw.first)))
        yield from self._asked(over)

    def _find(self) -> None:
        lost = 0
        for engine in self._run.engines:
            before = self._counted.get(engine, 0)
            self._counted[engine], rows = ended_since(engine, before, MOST)
            lost += self._counted[engine] - before - len(rows) + max(0, len(self._unread) + len(rows) - MOST)
            self._unread.extend(RawFlow(engine, row) for row in rows)
        self._lose(lost)

    def _lose(self, count: int) -> None:
        if count and not self.lost:
            self._run.say(f"flows end faster than they are counted: {self._who} count some of them not", WARNING)
        self.lost += count

    def _asked(self, over: bool) -> Iterator[Record]:
        owners = self._run.find(FlowOwners)
        while self._waiting and (over or self._waiting[0][0] <= time.monotonic()):
            _, flow, ends = self._waiting.popleft()
            program = owners.program_of(*ends) if owners is not None else ""
            yield flow | {"process": {"name": program}} if program else flow


class Largest:
    """Those that are open and moved most bytes, looked at now and then."""

    def __init__(self, run: Run, keys: frozenset[str], apart_s: float) -> None:
        """`apart_s`: between two looks, at least."""
        self._run, self._keys, self._apart_s = run, keys, apart_s
        self._steps: Iterator[list[Record] | None] | None = None  # a look that is not done yet
        self._spent_s = self.due = 0.0

    @property
    def begun(self) -> bool:
        """Is a look not done yet?"""
        return self._steps is not None

    def look(self, *, at_once: bool, over: bool) -> list[Record] | None:
        """Another piece of it, where it is time. Records of all of them, as they are now, once it is done. `at_once`:
        all of it; `over`: a new one, now."""
        if over:
            self._steps = None
        elif self._steps is None and time.monotonic() < self.due:
            return None
        if self._steps is None:
            self._steps, self._spent_s = self._pieces(), 0.0
        began = time.monotonic()
        found = None
        while found is None and (at_once or over or time.monotonic() < began + HELD_S):
            found = next(self._steps)
        if found is not None:
            self._steps = None
        ended = time.monotonic()
        self._spent_s += ended - began
        self.due = ended + max(self._apart_s, SHARE * self._spent_s)
        return found

    def _pieces(self) -> Iterator[list[Record] | None]:
        seen = []
        for engine in self._run.engines:
            steps = EngineView(engine, []).select_rows("bytes", True, False)
            try:
                while True:
                    next(steps)
                    yield None
            except StopIteration as e:
                rows = e.value.page(0, OPEN)
            for raw in [RawFlow(engine, row) for row in rows]:
                if raw.alive:
                    seen.append((raw, self._run.flow_record(engine, raw.row, self._keys)))
                yield None
        yield [flow for raw, flow in seen if raw.alive and raw.ended is None]  # the others are told when they ended
