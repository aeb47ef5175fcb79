"""What keys do to the replay of a file: the pace, single steps, moments to go to."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch.model.contract import Addon
from netwatch.model.option import Option

if TYPE_CHECKING:
    from netwatch.model.contract import Session
    from netwatch.model.session import Player

SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, None)  # None: the fastest
END = (1 << 63) - 1  # ns; beyond any file


def speed_text(speed: float | None) -> str:
    return "as fast as it goes" if speed is None else f"{speed:g}x"


def player_of(session: Session) -> Player:
    """The keys of replay are there for files alone."""
    assert session.player is not None
    return session.player


@dataclass(frozen=True)
class PlayPause:
    """Play or pause; at the end, play again from the start."""

    def run(self, session: Session) -> str:
        player = player_of(session)
        if player.done and not _rewinds(session):
            return "This input cannot be read a second time"
        again = player.done
        if not player.toggle():
            return "Replay paused"
        return f"Playing {'from the start, ' if again else ''}{speed_text(player.speed)}"


@dataclass(frozen=True)
class Turn:
    """So many steps faster, or slower when negative."""

    steps: int

    def run(self, session: Session) -> str:
        return f"Speed: {speed_text(player_of(session).turn(self.steps))}"


@dataclass(frozen=True)
class Step:
    """So many packets, or seconds of packet time, further; then stay."""

    packets: int = 0
    seconds: float = 0.0

    def run(self, session: Session) -> str:
        player = player_of(session)
        if player.done:
            return "The file is at its end"
        if self.packets:
            player.step(self.packets)
            return f"{self.packets} packet{'s' if self.packets > 1 else ''} further"
        player.step_to(int((player.clock or player.first) + self.seconds * 1e9))
        return f"{self.seconds:g} s further"


@dataclass(frozen=True)
class Seek:
    """To a packet time in ns. Going back reads the file again from its start."""

    ns: int

    def run(self, session: Session) -> str:
        player = player_of(session)
        if self.ns < player.clock and not _rewinds(session):
            return "This input cannot be read a second time"
        if player.done and self.ns >= player.clock:
            return "The file ends before that"
        where = "the end" if self.ns >= END else "the start" if self.ns <= player.first else "that moment"
        return f"{'Reading again from the start, up to' if player.seek(self.ns) else 'Going to'} {where}"


def _rewinds(session: Session) -> bool:
    """Can the input be read once more? A pipe cannot."""
    return bool(session.source.size)


class ReplayControl(Addon):
    """Plays a file at another pace, step by step, or from another moment."""

    name = "replay"
    options = (Option("speed", "max", "How fast a file is played, times the speed it was captured at.",
                      choices=tuple("max" if speed is None else f"{speed:g}" for speed in SPEEDS)),)
