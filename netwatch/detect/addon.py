"""The addon of the detectors: it hands them their notices, and keeps the alerts that come of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.notice.crowds import Crowds
from netwatch._fast.notice.watch import Watch
from netwatch._fast.out.record import iso
from netwatch.detect import table
from netwatch.detect.contract import CROWD, Detector, Episode, Notice, Told, Value
from netwatch.model.contract import WARNING, Addon, Store
from netwatch.model.event import Event, Step
from netwatch.model.option import Option
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.model.contract import Run

MOST = 2000  # alerts kept; more are counted
PATIENCE = Option("patience_s", 3, "Seconds after which an attempt to connect without an answer has failed.", 1, 60)


@dataclass(slots=True)
class Alert:
    """An episode that deserves one. Its text is made when somebody looks."""

    detector: Detector
    about: object  # what the detector wants to be given with it
    episode: Episode
    time_ns: int  # when it was raised
    frame: int

    @property
    def told(self) -> Told:
        """What it means by now."""
        return self.detector.describe(self.about, self.episode)

    def body(self) -> Record:
        """What the record says beside schema and time. `id` is the same whenever and wherever the capture is read."""
        told, episode = self.told, self.episode
        name = f"{self.detector.name} {told.title} {told.about} {episode.first}"
        return {"id": hashlib.blake2s(name.encode(), digest_size=6).hexdigest(), "first": iso(episode.first),
                "last": iso(episode.last), "count": episode.count, "severity": told.severity,
                "kind": self.detector.name, "title": told.title, "text": told.text, **told.about,
                "flows": episode.flows, "frames": episode.frames, "evidence": told.evidence}


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
        self._untold: list[Alert] = []

    def begin(self, run: Run) -> None:
        self._run = run
        of = run.settings.of
        for name in table.DETECTORS if of("detect.on") else ():
            if of(f"detect.{name}.on"):
                detector = table.find(name)()
                detector.lists = run.settings.lists
                for many in detector.begin(_options(run, name), self._raise):
                    self._counting[Crowds(*many)] = detector
                for kind in detector.wants:
                    self._detectors.setdefault(kind, []).append(detector)
        if self._detectors:
            self._watch = Watch(run.engines, list(self._counting), frozenset(self._detectors), of("detect.patience_s"),
                                (of("detect.beacon.least_s"), of("detect.beacon.most_s"), of("detect.beacon.spread")))

    def take(self, step: Step) -> Sequence[Event]:
        if step.again or self._watch is None:
            return ()
        for notice in map(Notice._make, self._watch.look(step.over)):
            if notice.kind == CROWD:
                self._counting[notice.more[0]].take(notice)
            else:
                for detector in self._detectors.get(notice.kind, ()):
                    detector.take(notice)
        if not (step.over or self._run.purpose.live):
            return ()
        untold, self._untold = self._untold, []
        return [self._event(alert) for alert in untold]

    @property
    def watch(self) -> Watch | None:
        """Where turns of flows are looked at; None when no detector runs."""
        return self._watch

    def newest(self, most: int) -> list[Alert]:
        """The newest alerts, in the order in which they were raised. The engine holds still."""
        return self.alerts[-most:]

    def stores(self) -> Sequence[Store]:
        return (Store("alerts", len(self.alerts), MOST, None, self.left_out),)

    def _raise(self, detector: Detector, notice: Notice, about: object, episode: Episode) -> None:
        """Make an alert of it, unless there are too many."""
        if len(self.alerts) >= MOST:
            self.left_out += 1
            if self.left_out == 1:
                self._run.say(f"{MOST} alerts are kept: no more are told", WARNING)
            return
        alert = Alert(detector, about, episode, notice.time_ns, notice.frame)
        self.alerts.append(alert)
        self._untold.append(alert)

    def _event(self, alert: Alert) -> Event:
        return Event(alert.frame, 0, "alert", alert.time_ns, self._run.engines[0], 0, 0, 0, False, alert.body(), 0,
                     None)


def _options(run: Run, name: str) -> Value:
    """The options of a detector."""
    return lambda option: run.settings.of(f"detect.{name}.{option}")
