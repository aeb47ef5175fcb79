"""Events of note: those of flows and packets are noted by the engine (_fast/notes.pyx), those of the capture here.

All is counted by packet time. What the engine counts is remembered every ten seconds, so that a share or a rate can be
given over a time, and not only since the beginning.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any, NamedTuple

from netwatch._fast.flow.notes import Notes
from netwatch._fast.out.notes import counts, turn
from netwatch._fast.view.engineview import counts as engine_counts
from netwatch.run.pipeline import Step

MAX_EVENTS = 2000
MARK_NS, MAX_MARKS = 10_000_000_000, 361  # between two marks; an hour of them
LOOK_NS = 1_000_000_000
MALFORMED_BURST = 10  # packets refused between two looks
INFO, WARNING, ERROR = "info", "warning", "error"
DROPS = {"kernel_drops": "the kernel", "interface_drops": "the interface", "ring_drops": "netwatch's ring"}


class Happening(NamedTuple):
    """Something that no flow did. `things`: how many it tells of."""

    time_ns: int
    severity: str
    category: str  # "capture" or "damage"
    text: str
    things: int = 1


class Mark(NamedTuple):
    """Counts since the beginning, at one packet time: of the engine, of the notes, of the source's drops."""

    time_ns: int
    engine: dict[str, Any]
    notes: dict[str, Any]
    drops: dict[str, int]


class Events:
    """`notes` are the engine's, `happenings` ours, `marks` the counts."""

    wants: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.notes = Notes()
        self.happenings: deque[Happening] = deque(maxlen=MAX_EVENTS)
        self.marks: deque[Mark] = deque(maxlen=MAX_MARKS)
        self._last: Mark | None = None
        self._secrets = self._cut = self._keys = 0
        self._steps: dict[int, int] = {}

    def begin(self, session: Any, settings: Any) -> None:
        session.engine.note_into(self.notes)
        if session.live:
            self._add(time.time_ns(), INFO, "capture", f"capture of {session.label} started")

    def watch(self, session: Any, box: Any, step: Step | None) -> None:
        turn(self.notes, session.engine)
        now = session.engine.clock
        if step is not None and self._last is not None and now < self._last.time_ns + LOOK_NS:
            return
        mark = Mark(now, engine_counts(session.engine), counts(self.notes),
                    session.source.stats() if session.live else {})
        if self._last is None and not session.live and mark.engine["packets"]:
            self._add(mark.engine["first_ns"], INFO, "capture", f"first frame of {session.label}")
        self._compare(session, self._last or Mark(mark.engine["first_ns"], {}, {}, {}), mark)
        self._last = mark
        if not self.marks or now >= self.marks[-1].time_ns + MARK_NS:
            self.marks.append(mark)
        if step is None:
            self._end(session, now)

    def mark(self, session: Any) -> Mark:
        """The counts as they are now. The caller holds the session's lock."""
        return Mark(session.engine.clock, engine_counts(session.engine), counts(self.notes),
                    session.source.stats() if session.live else {})

    def before(self, since: int) -> Mark | None:
        """The newest mark that is not after that time; None when the beginning was after it."""
        found = None
        for mark in self.marks:
            if mark.time_ns > since:
                break
            found = mark
        return found

    def _add(self, when: int, severity: str, category: str, text: str, count: int = 1) -> None:
        self.happenings.append(Happening(when, severity, category, text, count))

    def _compare(self, session: Any, old: Mark, new: Mark) -> None:
        """What has come since the last look."""
        refused, before = new.engine["rejected"], old.engine.get("rejected", {})
        more = {why: n - before.get(why, 0) for why, n in refused.items() if n > before.get(why, 0)}
        if sum(more.values()) >= MALFORMED_BURST:
            whys = ", ".join(f"{why} {n}" for why, n in sorted(more.items(), key=lambda pair: -pair[1])[:3])
            self._add(new.time_ns, WARNING, "damage",
                      f"{sum(more.values())} packets could not be read within {_span(old, new)} ({whys})",
                      sum(more.values()))
        for key, who in DROPS.items():
            lost = new.drops.get(key, 0) - old.drops.get(key, 0)
            if lost > 0:
                self._add(new.time_ns, ERROR, "damage", f"{lost} frames were dropped by {who}", lost)
        evicted = new.engine["flows_evicted"] - old.engine.get("flows_evicted", 0)
        if evicted:
            self._add(new.time_ns, WARNING, "damage", f"{evicted} flows had to make room for others", evicted)
        if new.engine["snap_truncated"] and not self._cut:
            self._cut = 1
            self._add(new.time_ns, INFO, "damage", "frames are cut short by the snap length, content is read in part")
        self._look_at_clocks(session, new.time_ns)
        if len(session.source.secrets) > self._secrets:
            found = len(session.source.secrets) - self._secrets
            self._secrets += found
            self._add(new.time_ns, INFO, "capture", f"{found} block{'s' * (found > 1)} of keys came with the capture")
        known = sum(len(getattr(service, "keys", ())) for service in session.pipeline.services)
        if known > self._keys:
            self._add(new.time_ns, INFO, "capture", f"keys of {known - self._keys} more TLS sessions are known")
        self._keys = known

    def _look_at_clocks(self, session: Any, now: int) -> None:
        keeper = session.keepers["interfaces"]
        for number, each in enumerate(session.source.interfaces[:64]):
            counted = keeper.counts.of(number)
            if counted["clock_steps"] > self._steps.get(number, 0):
                self._steps[number] = counted["clock_steps"]
                self._add(now, WARNING, "damage",
                          f"the clock of {each.get('name') or 'the capture'} went back by up to "
                          f"{counted['largest_step_ns'] / 1e9:.1f} s")

    def _end(self, session: Any, now: int) -> None:
        error = session.source.error
        what = f"capture of {session.label} ended" if session.live else f"{session.label} was read to its end"
        self._add(now, ERROR if error else INFO, "capture", f"{what}: {error}" if error else what)


def _span(old: Mark, new: Mark) -> str:
    return f"{max(0, new.time_ns - old.time_ns) / 1e9:.1f} s"
