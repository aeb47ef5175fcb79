"""Commands that change a live capture: stop and start it, the next interface, another filter. Flows stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.input.source import SourceError
from netwatch._fast.input.switch import Switch
from netwatch.model.contract import Addon, Offer
from netwatch.model.host import Unavailable

if TYPE_CHECKING:
    from netwatch.model.contract import Session

FIXED = "This capture cannot be changed"


@dataclass(frozen=True)
class StartStop:
    """Close the source, or open it again as it was."""

    def run(self, session: Session) -> str:
        source = session.source
        if not isinstance(source, Switch):
            return FIXED
        try:
            if source.stopped:
                source.change(source.names, source.filter)
                return f"Capturing on {', '.join(source.names)}"
            source.halt()
            return "The capture is stopped; c starts it again"
        except SourceError as error:
            return f"Not started: {error}"


@dataclass(frozen=True)
class NextInterface:
    """The next interface that can be captured, alone; after the last the first."""

    def run(self, session: Session) -> str:
        source = session.source
        if not isinstance(source, Switch):
            return FIXED
        try:
            names = [device["name"] for device in session.host.devices() if device["capturable"] and device["up"]]
            if not names:
                return "No interface can be captured"
            now = names.index(source.names[0]) if source.names[0] in names else -1
            source.change([names[(now + 1) % len(names)]], source.filter)
        except (SourceError, Unavailable) as error:
            return f"Not changed: {error}"
        session.label = ", ".join(source.names)
        return f"Capturing on {session.label}"


@dataclass(frozen=True)
class CaptureFilter:
    """Another libpcap filter. When it is wrong the old one stays, and that is said."""

    text: str

    def run(self, session: Session) -> str:
        source = session.source
        if not isinstance(source, Switch):
            return FIXED
        try:
            source.change(source.names, self.text)
        except SourceError as error:
            return f"The old capture filter stays: {error}"
        return f"Captured is what passes: {self.text}" if self.text.strip() else "Every frame is captured"


class CaptureControl(Addon):
    """Changes a live capture."""

    name = "capture"
    commands = (Offer("Stop the live capture, or start it again", StartStop(), live=True),
                Offer("Capture on the next interface", NextInterface(), live=True))
