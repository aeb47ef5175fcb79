"""Quotas that are passed: a program, or all of them, has moved more in a day or a month than egress.quotas says.

On interfaces alone, beside what the ledger has of the period. Once a period, which the state folder remembers; one
whose size was changed is another quota.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch._fast.out.events import ended_since
from netwatch._fast.out.rawflow import RawFlow
from netwatch._fast.view.engineview import EngineView
from netwatch.detect.contract import WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Gathered
from netwatch.egress import ledger
from netwatch.egress.destinations import counts
from netwatch.egress.moved import KEYS, Moved, begin_ns, day_of
from netwatch.egress.quotas import DAY, EVERYBODY, Held, Quota, parsed
from netwatch.model.record import Record
from netwatch.owners.addon import FlowOwners
from netwatch.store import files, folders

if TYPE_CHECKING:
    from netwatch._fast.engine import Engine
    from netwatch.model.contract import Run

LOOK_S = 5.0  # seconds between two looks at the flows that are open
SHARE = 50  # and of so many seconds at most one is spent with that
HELD_S = 0.01  # a chunk, for flows that have ended, and as long for those that are open: screens wait
OPEN = 4096  # flows that are open, looked at: those of most bytes
MOST = 100_000  # flows that ended between two looks
KEPT = 1024  # lines in the state folder
ASK_S = 1.0  # seconds from the end of a flow until its program is surely known
Ends = tuple[str, tuple[bytes, int], tuple[bytes, int], int]  # as FlowOwners.program_of() takes them


class Quotas(Detector):
    name = "quota"
    about = "Tell of programs that pass a quota of egress.quotas, on interfaces."
    looks = True

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._moved: Moved | None = None
        self._episodes: dict[tuple[Quota, str], Gathered] = {}
        self._held: dict[tuple[Quota, str], Held] = {}
        self._ended: dict[Engine, int] = {}
        self._waiting: deque[tuple[float, Record, Ends]] = deque()  # when to ask whose they were
        self._unread: deque[RawFlow] = deque(maxlen=MOST)
        self._lost = 0  # that were let go before they were counted
        self._opened: Iterator[list[Record] | None] | None = None  # a look at those that are open, not done yet
        self._spent_s = self._due = 0.0
        self._trouble = ""
        return super().begin(of, alarm)

    def start(self, run: Run) -> None:
        quotas = run.settings.of("egress.quotas")
        if not quotas:
            return
        self._moved = Moved(ledger.where(), parsed(quotas), datetime.now(UTC).date())
        if self._moved.trouble:
            run.say(f"{self._moved.trouble}: quotas count what is seen from now on", WARNING)
        self._path = folders.state_folder() / "quotas"
        self._said = dict.fromkeys(_lines(self._path))
        with contextlib.suppress(OSError), files.as_caller():
            files.make_folder(self._path.parent)  # it could not be made later, inside the jail

    def look(self, run: Run, *, over: bool) -> None:
        if self._moved is None:
            return
        # a frame of a wrong clock may be of any day
        clock = min(max(engine.clock for engine in run.engines), time.time_ns())
        if not clock:
            return
        self._moved.turn(day_of(clock))
        at_once = over or run.purpose.final  # rows are given back after the step, and no screen waits
        self._collect(run, at_once=at_once)
        self._ask(run, over=over)
        if over:
            self._opened = None
        elif self._opened is None and time.monotonic() < self._due:
            return
        if self._look_open(run, at_once=at_once):
            for each in self._moved.held():
                if each.over:
                    self._passed(each, clock)

    def _collect(self, run: Run, *, at_once: bool) -> None:
        """Count flows that have ended; those for which there is no time come with the next chunks."""
        lost = 0
        for engine in run.engines:
            before = self._ended.get(engine, 0)
            self._ended[engine], rows = ended_since(engine, before, MOST)
            lost += self._ended[engine] - before - len(rows) + max(0, len(self._unread) + len(rows) - MOST)
            self._unread.extend(RawFlow(engine, row) for row in rows)
        until = time.monotonic() + HELD_S
        while self._unread and (at_once or time.monotonic() < until):
            raw = self._unread.popleft()
            lost += not raw.alive
            self._over(run.flow_record(raw.engine, raw.row, KEYS) if raw.alive else {}, raw)
        if lost and not self._lost:
            run.say("flows end faster than they are counted: quotas count some of them not", WARNING)
        self._lost += lost

    def _look_open(self, run: Run, *, at_once: bool) -> bool:
        """Another piece of it. True: those that are open count, as they are now."""
        assert self._moved is not None
        if self._opened is None:
            self._opened, self._spent_s = _largest(run), 0.0
        began = time.monotonic()
        found = None
        while found is None and (at_once or time.monotonic() < began + HELD_S):
            found = next(self._opened)
        if found is not None:
            self._moved.still_open(found)
            self._opened = None
        ended = time.monotonic()
        self._spent_s += ended - began
        self._due = ended + max(LOOK_S, SHARE * self._spent_s)
        return found is not None

    def _over(self, flow: Record, raw: RawFlow) -> None:
        """A flow has ended. Whose it was may become known a little later."""
        assert self._moved is not None
        if "process" in flow or len(self._waiting) >= OPEN or not counts(flow):
            self._moved.ended(flow)
            return
        ends = (raw.src, raw.sport or 0), (raw.dst, raw.dport or 0)
        self._waiting.append((time.monotonic() + ASK_S, flow, (raw.proto, *ends, raw.first)))

    def _ask(self, run: Run, *, over: bool) -> None:
        assert self._moved is not None
        owners = run.find(FlowOwners)
        while self._waiting and (over or self._waiting[0][0] <= time.monotonic()):
            _, flow, ends = self._waiting.popleft()
            program = owners.program_of(*ends) if owners is not None else ""
            self._moved.ended(flow | {"process": {"name": program}} if program else flow)

    def _passed(self, each: Held, clock: int) -> None:
        assert self._moved is not None
        key = each.quota, each.since
        self._held[key] = each
        known = self._episodes.get(key)
        if known is not None:
            known.last = clock
            return
        line = f"{each.since} {each.quota.period} {each.quota.limit} {each.quota.who}"
        first = begin_ns(each.since)  # so that its ID is the period's
        episode = self._episodes[key] = Gathered(first, clock, 1, self._moved.flows(each.quota.who))
        if line in self._said:
            return
        self._said[line] = None
        self._keep()
        self.alarm(self, Notice(self.name, clock, 0, 0, b"", b"", 0, 0, "", 0, ()), key, episode)

    def _keep(self) -> None:
        try:
            files.write_text(self._path, "".join(f"{each}\n" for each in list({**dict.fromkeys(_lines(self._path)),
                                                                                **self._said})[-KEPT:]))
        except OSError as e:
            self._trouble = f"{self._path}: {e.strerror}: a quota that was passed will be told of again"

    def take(self, notice: Notice) -> None:
        """Is told of nothing: it looks."""

    def keep(self) -> str:
        return self._trouble

    def describe(self, about: tuple[Quota, str], episode: Gathered) -> Told:
        held = self._held[about]
        (who, limit, period), since = about
        whole = f"the {period} that began {since}" if period != DAY else since
        name = "All programs" if who == EVERYBODY else who
        return Told(WARNING, f"Quota of {limit:,} bytes a {period} passed",
                    f"{name} moved {held.used:,} bytes in {whole}: the quota is {limit:,}",
                    {"program": who, "period": period, "since": since, "limit_bytes": limit, "used_bytes": held.used},
                    {"program": who})


def _largest(run: Run) -> Iterator[list[Record] | None]:
    """Look at the flows that are open, in pieces: None for each, at last the records of those that still are."""
    seen = []
    for engine in run.engines:
        steps = EngineView(engine, []).select_rows("bytes", True, False)
        try:
            while True:
                next(steps)
                yield None
        except StopIteration as e:
            rows = e.value.page(0, OPEN)
        for raw in [RawFlow(engine, row) for row in rows]:
            if raw.alive:
                seen.append((raw, run.flow_record(engine, raw.row, KEYS)))
            yield None
    yield [flow for raw, flow in seen if raw.alive and raw.ended is None]  # the others were counted when they ended


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in files.read_text(path).split("\n") if line]
    except (OSError, UnicodeDecodeError):
        return []
