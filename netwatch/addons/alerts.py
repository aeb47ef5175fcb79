"""Alerts that were acknowledged, and those that are muted: remembered in the state folder, shown so by the Timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch.detect.addon import Alert, Detect
from netwatch.detect.marks import ACK, MUTE, about, load, path
from netwatch.model.contract import Addon, Offer
from netwatch.store import files

if TYPE_CHECKING:
    from netwatch.model.contract import Run, Session

MOST = 4096  # of each that are kept, the newest


def is_about(alert: Alert) -> str:
    """What is muted with an alert: its kind, between the same ends."""
    return about(alert.detector.name, alert.told.about)


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
        why = session.get(AlertMarks).change(lambda kept: kept[MUTE].update({newest: None}))
        kind, src, dst = newest.split(" ", 2)
        return f"Alerts of {kind} from {src} to {dst} are muted{why}"


@dataclass(frozen=True)
class Unmute:
    """Show all alerts again."""

    def run(self, session: Session) -> str:
        marks = session.get(AlertMarks)
        count = len(marks.kept[MUTE])
        if not count:
            return "No alert is muted"
        why = marks.change(lambda kept: kept[MUTE].clear())
        return f"{count} mute{'s are' if count > 1 else ' is'} lifted{why}"


class AlertMarks(Addon):
    """Remembers which alerts were acknowledged, and which are muted."""

    name = "alerts"
    commands = (Offer("Acknowledge the alerts so far", Acknowledge()),
                Offer("Mute the newest alert: its kind between the same ends", MuteNewest()),
                Offer("Show muted alerts again", Unmute()))

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, None]] = {ACK: {}, MUTE: {}}

    def begin(self, run: Run) -> None:
        self.kept = load()

    def is_muted(self, alert: Alert) -> bool:
        return is_about(alert) in self.kept[MUTE]

    def is_acknowledged(self, alert: Alert) -> bool:
        return alert.body()["id"] in self.kept[ACK]

    def change(self, what: Callable[[dict[str, dict[str, None]]], None]) -> str:
        """Change what is kept, and write it; what another netwatch has added meanwhile stays. "", or why it is not
        written."""
        kept = load()
        what(kept)
        what(self.kept)
        lines = [f"{word} {each}" for word, them in kept.items() for each in list(them)[-MOST:]]
        try:
            files.write_text(path(), "".join(f"{line}\n" for line in lines))
        except OSError as e:
            return f", until netwatch ends: {path()}: {e.strerror}"
        return ""
