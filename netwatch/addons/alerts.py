"""Alerts that were acknowledged, alerts and findings that are muted: remembered in the state folder, shown so by the
Timeline and by Insights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch.detect.acknowledged import ACK, FINDING, MUTE, Kept, about, load, path
from netwatch.detect.addon import Alert, Detect
from netwatch.detect.contract import CRITICAL
from netwatch.diagnose.addon import Diagnose
from netwatch.model.contract import WARNING, Addon, Offer
from netwatch.model.record import Record
from netwatch.store import files

if TYPE_CHECKING:
    from netwatch.model.contract import Run, Session

MOST = 4096  # of each that are kept, the newest


def is_about(alert: Alert) -> str:
    """What is muted with an alert: its kind, between the same ends."""
    return about(alert.detector.name, alert.told.about)


def words(value: object) -> str:
    """A value of the evidence of an alert, or numbers of flows and frames, in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {words(each)}" for key, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(words(each) for each in value)
    return str(value)


def _alerts(session: Session) -> list[Alert]:
    """Those that are not muted, the newest last. The lock is held."""
    detect, marks = session.find(Detect), session.get(AlertMarks)
    return [alert for alert in (detect.alerts if detect else ()) if not marks.is_muted(alert)]


@dataclass(frozen=True)
class Acknowledge:
    """Mark the alerts that there are: somebody has seen to them."""

    def run(self, session: Session) -> str:
        marks = session.get(AlertMarks)
        with session.lock:
            fresh = [str(alert.body()["id"]) for alert in _alerts(session) if not marks.is_acknowledged(alert)]
        if not fresh:
            return "There is no alert to acknowledge"
        why = marks.change(lambda kept: kept[ACK].update(dict.fromkeys(fresh)))
        return f"{len(fresh)} alert{'s are' if len(fresh) > 1 else ' is'} acknowledged{why}"


@dataclass(frozen=True)
class MuteNewest:
    """Hide the newest alert, and all of its kind between the same ends, from now on."""

    def run(self, session: Session) -> str:
        with session.lock:
            found = _alerts(session)
            newest = is_about(found[-1]) if found else ""
        if not newest:
            return "There is no alert to mute"
        return _muted(session, newest)


def _numbered(session: Session, number: int) -> Alert | None:
    """The alert of that number, as Timeline has it. The lock is held."""
    detect = session.find(Detect)
    return detect.alerts[number - 1] if detect is not None and 0 < number <= len(detect.alerts) else None


@dataclass(frozen=True)
class AcknowledgeOne:
    """Mark one alert, or take its mark away."""

    number: int

    def run(self, session: Session) -> str:
        marks = session.get(AlertMarks)
        with session.lock:
            alert = _numbered(session, self.number)
            name = str(alert.body()["id"]) if alert is not None else ""
        if not name:
            return "That alert is no longer there"
        if name in marks.kept[ACK]:
            return f"The alert is not acknowledged any more{marks.change(lambda kept: kept[ACK].pop(name, None))}"
        return f"The alert is acknowledged{marks.change(lambda kept: kept[ACK].update({name: None}))}"


@dataclass(frozen=True)
class MuteOne:
    """Hide one alert, and all of its kind between the same ends, from now on."""

    number: int

    def run(self, session: Session) -> str:
        with session.lock:
            alert = _numbered(session, self.number)
            name = is_about(alert) if alert is not None else ""
        return _muted(session, name) if name else "That alert is no longer there"


@dataclass(frozen=True)
class MuteFinding:
    """Hide the findings of this name, as about_finding() has it, from now on."""

    name: str

    def run(self, session: Session) -> str:
        why = session.get(AlertMarks).change(lambda kept: kept[FINDING].update({self.name: None}))
        kind, src, dst, port = self.name.split(" ")
        ends = " and ".join(end for end in (src, dst) if end != "-")
        return f"Findings of {kind} of {ends}{f', port {port},' if port != '-' else ''} are muted{why}"


def _muted(session: Session, name: str) -> str:
    """The line for the user."""
    why = session.get(AlertMarks).change(lambda kept: kept[MUTE].update({name: None}))
    kind, src, dst = name.split(" ", 2)
    return f"Alerts of {kind} from {src} to {dst} are muted{why}"


@dataclass(frozen=True)
class AlertNow:
    """One alert, whole."""

    alert: Record
    detector: str  # what it looks for
    acknowledged: bool
    muted: bool


@dataclass(frozen=True)
class OneAlert:
    """The alert of that number, from 1 in the order in which they were raised; None where there is none."""

    number: int

    def answer(self, session: Session) -> AlertNow | None:
        marks = session.get(AlertMarks)
        with session.lock:
            alert = _numbered(session, self.number)
            if alert is None:
                return None
            return AlertNow(alert.body(), alert.detector.about, marks.is_acknowledged(alert), marks.is_muted(alert))


def _unmuted(kept: Kept) -> None:
    for what in (MUTE, FINDING):
        kept[what].clear()


@dataclass(frozen=True)
class Unmute:
    """Show all alerts and findings again."""

    def run(self, session: Session) -> str:
        marks = session.get(AlertMarks)
        count = len(marks.kept[MUTE]) + len(marks.kept[FINDING])
        if not count:
            return "Nothing is muted"
        why = marks.change(_unmuted)
        return f"{count} mute{'s are' if count > 1 else ' is'} lifted{why}"


class AlertMarks(Addon):
    """Remembers which alerts were acknowledged, and which alerts and findings are muted."""

    name = "alerts"
    questions = (OneAlert,)
    commands = (Offer("Acknowledge the alerts so far", Acknowledge()),
                Offer("Mute the newest alert: its kind between the same ends", MuteNewest()),
                Offer("Show muted alerts and findings again", Unmute()))

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, None]] = {ACK: {}, MUTE: {}, FINDING: {}}
        self._detect: Detect | None = None
        self._counted: list[tuple[int, str]] = []  # of each alert: its count when it was looked at, its severity
        self._open: Counter[str] = Counter()  # by severity: neither acknowledged nor muted

    def begin(self, run: Run) -> None:
        self.kept, self._detect = load(), run.find(Detect)
        diagnose = run.find(Diagnose)
        if diagnose is not None:
            diagnose.quiet = self.kept[FINDING]

    def unseen_counts(self) -> tuple[int, int]:
        """How many of them are critical, and how many warnings. Only those that have grown are looked at again."""
        for place, alert in enumerate(self._detect.alerts if self._detect is not None else ()):
            if place == len(self._counted):
                self._counted.append((0, ""))
            count, before = self._counted[place]
            if count != alert.episode.count:
                left = not self.is_muted(alert) and not self.is_acknowledged(alert)
                severity = alert.told.severity if left else ""
                self._counted[place] = alert.episode.count, severity
                self._open[before] -= 1
                self._open[severity] += 1
        return self._open[CRITICAL], self._open[WARNING]

    def unseen(self) -> Iterator[tuple[int, Alert]]:
        """Number and alert of those that are neither acknowledged nor muted, the newest first. The lock is held."""
        alerts = self._detect.alerts if self._detect is not None else []
        for number in range(len(alerts), 0, -1):
            alert = alerts[number - 1]
            if not self.is_muted(alert) and not self.is_acknowledged(alert):
                yield number, alert

    def is_unseen(self, number: int) -> bool:
        """Is that alert neither acknowledged nor muted?"""
        alerts = self._detect.alerts if self._detect is not None else []
        alert = alerts[number - 1] if 0 < number <= len(alerts) else None
        return alert is not None and not self.is_muted(alert) and not self.is_acknowledged(alert)

    def is_muted(self, alert: Alert) -> bool:
        return is_about(alert) in self.kept[MUTE]

    def is_acknowledged(self, alert: Alert) -> bool:
        return alert.body()["id"] in self.kept[ACK]

    def change(self, what: Callable[[dict[str, dict[str, None]]], object]) -> str:
        """Change what is kept, and write it; what another netwatch has added meanwhile stays. "", or why it is not
        written."""
        kept = load()
        what(kept)
        what(self.kept)
        self._counted, self._open = [], Counter()
        lines = [f"{word} {each}" for word, them in kept.items() for each in list(them)[-MOST:]]
        try:
            files.write_text(path(), "".join(f"{line}\n" for line in lines))
        except OSError as e:
            return f", until netwatch ends: {path()}: {e.strerror}"
        return ""
