"""What happened in a time: events of flows, of the capture, of interfaces, and how many fell into each part of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.flow.notes import Notes
from netwatch._fast.input.switch import Switch
from netwatch._fast.out.notes import KINDS, counts, forgotten, histogram, newest, turn
from netwatch._fast.view.engineview import counts as engine_counts
from netwatch.addons.alerts import AlertMarks
from netwatch.addons.event_texts import FOLDED, TEXTS
from netwatch.addons.interfaces import InterfacesAddon
from netwatch.addons.throughput import Throughput
from netwatch.detect.addon import Detect
from netwatch.model.contract import ERROR, INFO, WARNING, Addon
from netwatch.model.event import Event, Step
from netwatch.model.record import Record
from netwatch.names.addon import Names

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Run, Session

SECOND = 1_000_000_000
SHOWN = 500  # events of an answer, newest
SHOWN_ALERTS = 100  # and alerts
HOUR = 3600
TOGETHER = 60 * SECOND  # within which equal things are one line
MOST_FLOWS = 200
CATEGORIES = ("flow", "dns", "loss", "damage", "interface", "capture", "alert")
SEVERITY = {"info": INFO, "warning": WARNING, "critical": ERROR}  # of alerts
KIND_CATEGORY = {"first": "flow", "ended": "flow", "refused": "flow", "reset": "flow", "unanswered": "flow",
                 "unreachable": "flow", "dns-error": "dns", "burst": "loss", "zero-window": "loss"}
CALM = ("first", "ended")  # kinds that are no warning
NXDOMAIN = 3


@dataclass(frozen=True)
class Entry:
    """One line. `flow` is 0 when no single flow did it; `count` how many things it tells of; `alert` the number of the
    alert that it is (addons/alerts.py), or 0."""

    time_ns: int
    severity: str
    category: str
    text: str
    flow: int = 0
    count: int = 1
    flows: tuple[int, ...] = ()  # of the things, where there are several, at most MOST_FLOWS
    alert: int = 0
    alike: str = ""  # what the text is of several of them, "" for the same: without the port that each time is another


@dataclass(frozen=True)
class TimelineNow:
    """`events` newest first; `counts`, `warnings`, `bytes` for each `step_s` from `start_s` (seconds of packet time).
    `total` events are in that time; `forgotten`: older ones that only the counts still know."""

    events: tuple[Entry, ...]
    total: int
    forgotten: int
    start_s: int
    step_s: int
    counts: tuple[int, ...]
    warnings: tuple[int, ...]
    bytes: tuple[int, ...]
    now_ns: int


@dataclass(frozen=True)
class Timeline:
    """`window_s` seconds up to now, 0 since the beginning; `category` of CATEGORIES, "warnings" or "all"; `parts` at
    most so many parts of the time; `where` a Filter; `last_ns`: as of that moment, 0: now."""

    window_s: int = 0
    category: str = "all"
    parts: int = 100
    where: Filter | None = None
    last_ns: int = 0

    def until(self, ns: int, frames: int) -> Timeline:
        """See model.contract.Dated."""
        return replace(self, last_ns=ns)

    def answer(self, session: Session) -> TimelineNow:
        addon, past = session.get(TimelineAddon), session.get(Throughput)
        kinds = [kind for kind in KINDS if self._wants(KIND_CATEGORY[kind], kind in CALM)]
        with session.lock:
            now = self.last_ns or session.engine.clock
            session.engine.tell()
            past = past.as_of(now) if self.last_ns else past
            start, step, parts = self._parts(past, now)
            since, until = start * SECOND, (start + step * parts) * SECOND
            noted = [(kind, note) for kind in kinds
                     for note in newest(addon.notes, session.engine, kind, since, SHOWN, now)]
            counts = histogram(addon.notes, since, until, parts, kinds)
            warnings = histogram(addon.notes, since, until, parts, [kind for kind in kinds if kind not in CALM])
            if self.last_ns:
                counts[-1] -= min(addon.later(now, kinds), counts[-1])
                warnings[-1] -= min(addon.later(now, [kind for kind in kinds if kind not in CALM]), warnings[-1])
            lost = sum(n for kind, n in forgotten(addon.notes).items() if kind in kinds)
            carried = past.history.read(start, start + step * parts, step)["bytes"] if now else [0] * parts
            others = [other for other in _others(session) if not self.last_ns or other.time_ns <= now]
            if self.where is not None:
                noted = [pair for pair in noted if self.where.matches(pair[1] | {"id": pair[1]["flow"]})]
            noted.sort(key=lambda pair: -pair[1]["time_ns"])
            events = [_told(kind, note, session.get(Names)) for kind, note in noted[:SHOWN]]
        for other in reversed(others):
            if other.time_ns >= since and self._wants(other.category, other.severity == INFO) and self.where is None:
                events.append(other)
                part = min((other.time_ns // SECOND - start) // step, parts - 1)
                counts[part] += 1
                warnings[part] += other.severity != INFO
        events.sort(key=lambda event: -event.time_ns)
        return TimelineNow(tuple(coalesced(events)[:SHOWN]), sum(counts), lost, start, step, tuple(counts),
                           tuple(warnings), tuple(carried[:parts]), now)

    def _wants(self, category: str, calm: bool) -> bool:
        return self.category in ("all", category) or (self.category == "warnings" and not calm)

    def _parts(self, past: Throughput, now: int) -> tuple[int, int, int]:
        """(first second, seconds a part, parts)."""
        end = now // SECOND + 1
        first = min(past.history.first or end - 1, end - 1)  # seconds may have come before the first moment
        start = max(first, end - self.window_s) if self.window_s else first
        span = max(end - start, 1)
        step = -(-span // max(self.parts, 1))
        if span > HOUR - 2 * step:
            step = -(-step // 10) * 10  # beyond an hour only tens of seconds are kept
        start -= start % step
        return start, step, -(-(end - start) // step)


def coalesced(events: Sequence[Entry]) -> list[Entry]:
    """Newest first: what says the same, whatever the port it came from, within a minute of the newest of its kind is
    one line, that of the newest, with how many there are; the flow is told where there is but one."""
    found: list[Entry] = []
    newest: dict[tuple[str, str, str, int], int] = {}
    for event in events:
        kind = event.severity, event.category, event.alike or event.text, event.alert
        at = newest.get(kind)
        if at is None or found[at].time_ns - event.time_ns > TOGETHER:
            newest[kind] = len(found)
            found.append(event)
        else:
            found[at] = replace(found[at], text=kind[2], count=found[at].count + event.count, flow=0, flows=(
                *(found[at].flows or (found[at].flow,)), event.flow)[:MOST_FLOWS])
    return found


def _others(session: Session) -> list[Entry]:
    """What no flow did: of the capture, and of interfaces."""
    return [*(Entry(each.time_ns, each.severity, each.category, each.text, 0, each.things)
              for each in session.get(TimelineAddon).happenings),
            *_alerts(session),
            *(Entry(each.time_ns, each.severity, "interface", each.text)
              for each in tuple(session.get(InterfacesAddon).changes))]


def _alerts(session: Session) -> list[Entry]:
    """The newest alerts of the detectors but the muted; those that were acknowledged are no warning any more."""
    detect, marks = session.find(Detect), session.find(AlertMarks)
    entries = []
    found = detect.newest(SHOWN_ALERTS) if detect else []
    for number, each in enumerate(found, len(detect.alerts) - len(found) + 1 if detect else 1):
        if marks is not None and marks.is_muted(each):
            continue
        seen = marks is not None and marks.is_acknowledged(each)
        entries.append(Entry(each.time_ns, INFO if seen else SEVERITY[each.told.severity], "alert",
                             f"{each.told.title}: {each.told.text}{' (acknowledged)' if seen else ''}",
                             next(iter(each.episode.flows), 0), each.episode.count, alert=number))
    return entries


def _told(kind: str, note: Record, names: Names) -> Entry:
    """A note as an event."""
    severity = INFO if kind in CALM or (kind == "dns-error" and note["code"] == NXDOMAIN) else WARNING
    if not note["flow"]:
        text = f"and {note['value']} more of this in that second: {FOLDED[kind]}"
        return Entry(note["time_ns"], severity, KIND_CATEGORY[kind], text, 0, note["value"])
    return Entry(note["time_ns"], severity, KIND_CATEGORY[kind], TEXTS[kind](note, names), note["flow"],
                 alike="" if kind == "ended" else TEXTS[kind](note | {"sport": None}, names))


MAX_EVENTS = 2000
MOMENTS = 1800  # of the history, whose counts are kept
MARK_NS, MAX_MARKS = 10_000_000_000, 361  # between two marks; an hour of them
LOOK_NS = 1_000_000_000
MALFORMED_BURST = 10  # packets refused between two looks
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
    engine: Record
    notes: Record
    drops: dict[str, int]


class TimelineAddon(Addon):
    """Notes what happens: the engine the events of flows and packets, this those of the capture.

    All is counted by packet time. What the engine counts is remembered every ten seconds, so that a share or a rate can
    be given over a time, and not only since the beginning. `notes` are the engine's, `happenings` ours, `marks` the
    counts."""

    name = "timeline"
    questions = (Timeline,)

    def __init__(self) -> None:
        self.notes = Notes()
        self.happenings: deque[Happening] = deque(maxlen=MAX_EVENTS)
        self.marks: deque[Mark] = deque(maxlen=MAX_MARKS)
        self._moments: deque[Mark] = deque(maxlen=MOMENTS)
        self.then: Mark | None = None  # the counts of a moment that is over, see as_of()
        self._last: Mark | None = None
        self._secrets = self._cut = 0
        self._steps: dict[int, int] = {}
        self._failed: str | None = None

    def begin(self, run: Run) -> None:
        self._run, self._engine = run, run.engines[0]
        self._interfaces = run.get(InterfacesAddon)
        self._engine.note_into(self.notes)
        if run.purpose.live:
            self._add(time.time_ns(), INFO, "capture", f"capture of {run.purpose.label} started")

    def take(self, step: Step) -> Sequence[Event]:
        turn(self.notes, self._engine)
        now = self._engine.clock
        if self._run.purpose.live and not step.over:
            self._look_at_source(now)
        if not step.over and self._last is not None and now < self._last.time_ns + LOOK_NS:
            return ()
        mark, purpose = self.mark(), self._run.purpose
        if self._last is None and not purpose.live and mark.engine["packets"]:
            self._add(mark.engine["first_ns"], INFO, "capture", f"first frame of {purpose.label}")
        self._compare(self._last or Mark(mark.engine["first_ns"], {}, {}, {}), mark)
        self._last = mark
        if not self.marks or now >= self.marks[-1].time_ns + MARK_NS:
            self.marks.append(mark)
        if step.over:
            self._end(now)
        return ()

    def say(self, text: str, severity: str) -> None:
        """A word of another addon's, see Run.say()."""
        self._add(self._engine.clock or time.time_ns(), severity, "capture", text)

    def mark(self) -> Mark:
        """The counts as they are now. The engine holds still."""
        return self.then or Mark(self._engine.clock, engine_counts(self._engine), counts(self.notes),
                    self._run.source.stats() if self._run.purpose.live else {})

    def put_down(self, ns: int) -> None:
        self._moments.append(self.mark())

    def as_of(self, ns: int) -> TimelineAddon:
        found = copy(self)  # of a moment that is not kept any more, with the counts of the ten seconds before it
        found.then = next((mark for mark in reversed(self._moments) if mark.time_ns == ns), self.mark_before(ns))
        return found

    def later(self, ns: int, kinds: Sequence[str]) -> int:
        """How many things of these kinds came after a moment and within its second; 0 where that is not known."""
        then = next((mark for mark in reversed(self._moments) if mark.time_ns == ns), None)
        behind, now = (ns // SECOND + 1) * SECOND, self._engine.clock
        if then is None or now - behind > HOUR * SECOND:
            return 0
        since = sum(histogram(self.notes, behind, now, 1, kinds)) if now >= behind else 0
        known = counts(self.notes)
        return max(0, sum(int(known[kind] - then.notes[kind]) for kind in kinds) - since)

    def mark_before(self, since: int) -> Mark | None:
        """The newest mark that is not after that time; None when the beginning was after it."""
        found = None
        for mark in self.marks:
            if mark.time_ns > since:
                break
            found = mark
        return found

    def _add(self, when: int, severity: str, category: str, text: str, count: int = 1) -> None:
        self.happenings.append(Happening(when, severity, category, text, count))

    def _compare(self, old: Mark, new: Mark) -> None:
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
        self._look_at_clocks(new.time_ns)
        found = len(self._run.source.secrets) - self._secrets
        if found > 0:
            self._secrets += found
            self._add(new.time_ns, INFO, "capture", f"{found} block{'s' * (found > 1)} of keys came with the capture")

    def _look_at_clocks(self, now: int) -> None:
        for number, each in enumerate(self._run.source.interfaces[:64]):
            counted = self._interfaces.counts.of(number)
            if counted["clock_steps"] > self._steps.get(number, 0):
                self._steps[number] = counted["clock_steps"]
                self._add(now, WARNING, "damage",
                          f"the clock of {each.get('name') or 'the capture'} went back by up to "
                          f"{counted['largest_step_ns'] / 1e9:.1f} s")

    def _look_at_source(self, now: int) -> None:
        """A capture that was lost, and one that is back."""
        source, failed = self._run.source, self._failed
        self._failed = source.error
        if source.error and source.error != failed:
            self._add(now or time.time_ns(), ERROR, "capture", source.error)
        elif failed and not source.error and not (isinstance(source, Switch) and source.stopped):
            self._add(now or time.time_ns(), WARNING, "capture",
                      f"{self._run.purpose.label} is captured again; what came meanwhile is missing")

    def _end(self, now: int) -> None:
        error, purpose = self._run.source.error, self._run.purpose
        what = f"capture of {purpose.label} ended" if purpose.live else f"{purpose.label} was read to its end"
        self._add(now, ERROR if error else INFO, "capture", f"{what}: {error}" if error else what)


def _span(old: Mark, new: Mark) -> str:
    return f"{max(0, new.time_ns - old.time_ns) / 1e9:.1f} s"
