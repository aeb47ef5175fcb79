"""The addon of the detectors: it hands them their notices, and keeps the alerts that come of them."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.notice.cardinality import Crowds
from netwatch._fast.notice.watch import Watch
from netwatch._fast.out.record import iso
from netwatch.detect import table
from netwatch.detect.acknowledged import ACK, MUTE, about, load
from netwatch.detect.contract import CROWD, SAID, Detector, Episode, Notice, Told, Value
from netwatch.detect.episodes import facts_of
from netwatch.model.contract import WARNING, Addon, Store
from netwatch.model.event import Event, Step
from netwatch.model.option import Option
from netwatch.model.record import Record
from netwatch.owners.addon import FlowOwners

if TYPE_CHECKING:
    from netwatch.model.contract import Run

MOST = 2000  # alerts kept; more are counted
HOSTS = ("tls.sni", "quic.sni", "http.host")  # fields
ASKED_BYTES = 16 << 20  # of what flows said whose program is still to be asked for
ASK_S = 1.0  # seconds until then
PATIENCE = Option("patience_s", 3, "Seconds after which an attempt to connect without an answer has failed.", 1, 60)


@dataclass(slots=True)
class Alert:
    """An episode that deserves one. Its text is made when somebody looks."""

    detector: Detector
    about: object  # what the detector wants to be given with it
    episode: Episode
    time_ns: int  # when it was raised
    frame: int
    tunnel: Sequence[str]  # what it was seen in

    @property
    def told(self) -> Told:
        """What it means by now."""
        return self.detector.describe(self.about, self.episode)

    def body(self) -> Record:
        """What the record says beside schema and time. `id` is the same whenever and wherever the capture is read."""
        told, episode = self.told, self.episode
        name = f"{self.detector.name} {told.title} {told.about} {episode.first}"
        text = f"{told.text} (inside {' '.join(self.tunnel)})" if self.tunnel else told.text
        around: Record = {"tunnel": list(self.tunnel)} if self.tunnel else {}
        return {"id": hashlib.blake2s(name.encode(), digest_size=6).hexdigest(), "first": iso(episode.first),
                "last": iso(episode.last), "count": episode.count, "severity": told.severity,
                "kind": self.detector.name, "title": told.title, "text": text, **told.about, **around,
                "flows": episode.flows, "frames": episode.frames, "evidence": told.evidence}


def in_order(alerts: Sequence[Alert]) -> list[Alert]:
    """By the packet time of what raised them. What flows said is told step by step, between other things, so that the
    order in which they were raised hangs on the steps."""
    return sorted(alerts, key=lambda each: (each.time_ns, each.frame, each.detector.name))


class Detect(Addon):
    """Runs the detectors that are switched on. Of a file an alert is told when all of it is known, at the end; of a
    live source as soon as it is raised."""

    name = "detect"
    options = (Option("on", True, "Look for what deserves an alert."), PATIENCE, *table.options())
    kinds: Mapping[str, str] = {"alert": "What a detector found: kind, severity, count, first and last, evidence."}

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.left_out = 0
        self._detectors: dict[str, list[Detector]] = {}
        self._counting: dict[Crowds, Detector] = {}
        self._watch: Watch | None = None
        self._looking: list[Detector] = []
        self._untold: list[Alert] = []
        self._programs: FlowOwners | None = None
        self._asked: deque[tuple[float, Notice]] = deque()  # when to ask for its program, by the monotonic clock
        self._asked_bytes = 0
        self._unasked = False  # some had no room

    def begin(self, run: Run) -> None:
        self._run = run
        of = run.settings.of
        self._marks = load()
        owners = run.find(FlowOwners)
        self._programs = owners if owners is not None and owners.looking else None
        for name in table.DETECTORS if of("detect.on") else ():
            if of(f"detect.{name}.on"):
                detector = table.find(name)()
                if SAID in detector.wants and not self._programs:
                    continue
                if detector.looks and not run.purpose.live:
                    continue
                detector.lists = run.settings.lists
                for many in detector.begin(_options(run, name), self._raise):
                    self._counting[Crowds(*many)] = detector
                for kind in detector.wants:
                    self._detectors.setdefault(kind, []).append(detector)
                if detector.looks:
                    self._looking.append(detector)
                    detector.start(run)
        if self._detectors or self._looking:
            self._watch = Watch(run.engines, list(self._counting), frozenset(self._detectors), of("detect.patience_s"),
                                (of("detect.beacon.least_s"), of("detect.beacon.most_s"), of("detect.beacon.spread")),
                                _hellos() if SAID in self._detectors else ())

    def take(self, step: Step) -> Sequence[Event]:
        if step.again or self._watch is None:
            return ()
        for notice in map(Notice._make, self._watch.look(step.over)):
            if notice.kind == CROWD:
                self._counting[notice.more[0]].take(notice)
            elif notice.kind == SAID:
                self._wait(notice)
            else:
                for detector in self._detectors.get(notice.kind, ()):
                    detector.take(notice)
        self._tell_programs(step.over)
        for detector in self._looking:
            detector.look(self._run, over=step.over)
        if not (step.over or self._run.purpose.live):
            return ()
        untold, self._untold = self._untold, []
        return [self._event(alert) for alert in (in_order(untold) if step.over else untold)]

    def close(self) -> None:
        running = (*self._looking, *(each for them in self._detectors.values() for each in them))
        for detector in dict.fromkeys(running):
            if why := detector.keep():
                self._run.say(why, WARNING)

    def _wait(self, notice: Notice) -> None:
        """Whose flow it was is asked a little later, when the system has surely told of it; of a file at the end, when
        all of it was read."""
        self._asked_bytes += len(notice.more[0])
        if self._asked_bytes > ASKED_BYTES:
            self._asked_bytes -= len(notice.more[0])
            if not self._unasked:
                self._run.say("too many flows wait to be asked for their programs: the rest of them are not", WARNING)
            self._unasked = True
            return
        self._asked.append((time.monotonic() + ASK_S, notice))

    def _tell_programs(self, over: bool) -> None:
        """Tell of flows whose programs may be known by now."""
        now = time.monotonic()
        while self._asked and self._programs is not None and (
                over or (self._run.purpose.live and self._asked[0][0] <= now)):
            notice = self._asked.popleft()[1]
            self._asked_bytes -= len(notice.more[0])
            ends = (notice.src, notice.sport), (notice.dst, notice.dport)
            if program := self._programs.program_of(notice.proto, *ends, notice.time_ns):
                for detector in self._detectors[SAID]:
                    detector.take(notice._replace(more=(*notice.more, program)))

    @property
    def watch(self) -> Watch | None:
        """Where turns of flows are looked at; None when no detector runs."""
        return self._watch

    def newest(self, most: int) -> list[Alert]:
        """The newest alerts, in the order in which they were raised. The engine holds still."""
        return self.alerts[-most:]

    def bodies(self) -> Iterator[Record]:
        """All alerts as they are now. The engine holds still."""
        return (alert.body() for alert in self.alerts)

    def stores(self) -> Sequence[Store]:
        return (Store("alerts", len(self.alerts), MOST, None, self.left_out),)

    def _raise(self, detector: Detector, notice: Notice, about: object, episode: Episode) -> None:
        """Make an alert of it, unless there are too many."""
        if len(self.alerts) >= MOST:
            self.left_out += 1
            if self.left_out == 1:
                self._run.say(f"{MOST} alerts are kept: no more are told", WARNING)
            return
        alert = Alert(detector, about, episode, notice.time_ns, notice.frame, notice.tunnel)
        self.alerts.append(alert)
        self._untold.append(alert)

    def _event(self, alert: Alert) -> Event:
        body = alert.body()
        if body["id"] in self._marks[ACK]:
            body["ack"] = True
        if self._marks[MUTE] and about(body["kind"], body) in self._marks[MUTE]:
            body["mute"] = True
        return Event(alert.frame, 0, "alert", alert.time_ns, self._run.engines[0], 0, 0, 0, False, body, 0, None)


def _hellos() -> list[tuple[int, int]]:
    """(number of protocol, key) of the facts that say where a flow goes, or how it begins TLS."""
    from netwatch._fast.dpi import app_names
    from netwatch._fast.out.protocols import PLAIN

    names = app_names()
    facts = {*facts_of("tls", "ja4"), *facts_of("quic", "ja4"),
             *((app, fact.key) for field in HOSTS for app, fact in PLAIN.get(field, ()))}
    return sorted((names.index(app), key) for app, key in facts)


def _options(run: Run, name: str) -> Value:
    """The options of a detector."""
    return lambda option: run.settings.of(f"detect.{name}.{option}")
