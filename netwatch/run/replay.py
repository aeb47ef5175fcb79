"""How fast a file is played: as fast as it goes, at a speed, step by step, or up to a moment.

The engine's thread asks allow() how many of the frames that were read may be processed now; keys change the pace from
another thread. Going back means that the file is read again from its start: the engine's thread is told by `again`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from netwatch._fast.input.pacing import PacedBox
from netwatch.addons.replay_control import SPEEDS
from netwatch.model.session import Replay

EVER = (1 << 64) - 1               # ns; later than any frame
ALL = (1 << 32) - 1                # frames; more than any box has
WAIT = 0.1                         # seconds that allow() waits at most
SECOND = 1_000_000_000
# frames are shown by the second of packet time, so that what was there can be kept by the second; a long file goes on
# by longer pieces, then chunk by chunk, so that it is not read more slowly for that: (pieces, seconds of each)
PIECES = ((600, 1), (600, 10), (1800, 60))


@dataclass
class _Anchor:
    """The packet time that was reached at a moment of the wall clock; the pace is counted from there."""

    wall: float = 0.0
    ns: int = 0


class Player:
    """The pace of one file. `speed` None: as fast as it goes."""

    def __init__(self, speed: float | None = None) -> None:
        self.speed = speed
        self.paused = False
        self.again = False             # the file is to be read from its start
        self.done = False
        self.clock = 0                 # packet time that was reached, ns
        self.first = 0                 # of the first frame
        self._until: int | None = None     # played to there as fast as it goes
        self._steps = 0
        self._anchor: _Anchor | None = None
        self._news = threading.Condition()
        self._pieces = 0               # of packet time that frames were shown of
        self._piece_ends = 0           # the one that is being shown, ns

    # ------------------------------------------------------------------------------------------ the engine's thread

    def allow(self, box: PacedBox) -> int:
        """Put into the box the frames that are due; how many. Waits a little when there are none."""
        with self._news:
            self.first = self.first or box.next_ns
            shown = self._due(box)
            if not shown and not self.again:
                self._news.wait(self._pause(box))
            return shown

    def _due(self, box: PacedBox) -> int:
        if self.again:
            return 0
        ends = self._end_of(box.next_ns)
        if self._until is not None:
            shown = int(box.show(min(self._until, ends), ALL))
            if box.left and box.next_ns > self._until:
                self.clock = max(self.clock, min(self._until, box.next_ns))
                self._until, self._anchor = None, None
            return shown
        if self._steps:
            self.clock = max(self.clock, box.next_ns)
            shown = int(box.show(EVER, self._steps))
            self._steps -= shown
            return shown
        if self.paused:
            return 0
        if self.speed is None:
            return int(box.show(ends, ALL))
        if self._anchor is None:
            self._anchor = _Anchor(time.monotonic(), max(self.clock, self.first))
        passed = time.monotonic() - self._anchor.wall
        self.clock = self._anchor.ns + int(passed * self.speed * 1e9)
        return int(box.show(min(self.clock, ends), ALL))

    def _end_of(self, ns: int) -> int:
        """The last moment of the piece of packet time in which the next frame lies."""
        if ns > self._piece_ends:
            done, self._piece_ends = self._pieces, EVER
            for number, seconds in PIECES:
                if done < number:
                    self._piece_ends = (ns // (seconds * SECOND) + 1) * seconds * SECOND - 1
                    break
                done -= number
            self._pieces += 1
        return self._piece_ends

    def _pause(self, box: PacedBox) -> float:
        """Seconds until the next frame is due."""
        if self.paused or self.speed is None:
            return WAIT
        return min(WAIT, max(0.001, float(box.next_ns - self.clock) / 1e9 / self.speed))

    def end(self, ns: int) -> None:
        """There is no frame left; the engine has come to this packet time."""
        with self._news:
            self.done, self.clock, self._until, self._steps = True, ns, None, 0

    def wait_at_end(self) -> None:
        """Wait a while for a key that goes back."""
        with self._news:
            if not self.again:
                self._news.wait(WAIT)

    def begin(self) -> None:
        """The file is read from its start again."""
        with self._news:
            self.again = self.done = False
            self._pieces = self._piece_ends = 0
            self.clock = 0
            self._anchor = None

    def reached(self, ns: int) -> None:
        """The engine has come to this packet time."""
        if ns > self.clock:
            self.clock = ns

    # --------------------------------------------------------------------------------------------------- the keys

    def state(self) -> Replay:
        """For the screen."""
        return Replay(self.speed, not self.paused, self._until, self.again)

    def toggle(self) -> bool:
        """Play or pause; True when it plays now. At the end it plays again from the start, at 1x if it had no speed."""
        with self._news:
            if self.done:
                self.paused, self.again = False, True
                self.speed = self.speed or 1.0
            else:
                self.paused = not self.paused
            self._anchor = None
            self._news.notify()
            return not self.paused

    def turn(self, steps: int) -> float | None:
        """A faster or slower speed; the one that is in force now."""
        with self._news:
            at = SPEEDS.index(self.speed) if self.speed in SPEEDS else SPEEDS.index(1.0)
            self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, at + steps))]
            self._anchor = None
            self._news.notify()
            return self.speed

    def step(self, frames: int) -> None:
        """Show so many frames more, and stay there."""
        with self._news:
            self.paused = True
            self._steps += frames
            self._news.notify()

    def seek(self, ns: int) -> bool:
        """Go to a moment, and stay there when there is no speed to go on with; True when the file has to be read again
        for it."""
        with self._news:
            back = ns < self.clock
            self.paused = self.paused or self.speed is None
            self.again = self.again or back
            self._until, self._steps = max(0, ns), 0
            self._news.notify()
            return back

    def step_to(self, ns: int) -> None:
        """Go on to a moment that is still to come, and stay there."""
        with self._news:
            self.paused = True
            self._until = ns
            self._news.notify()
