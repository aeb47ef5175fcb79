"""Data that leaves in volume: an own host sends far more to one address outside than it gets from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CARRIED, INSIDE, SECOND, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, Gathered, Own
from netwatch.model.option import Option

PAIRS = 8192  # remembered, as many flows
TIMES = 5  # so many times as much goes out as comes in


@dataclass(slots=True)
class Sent(Gathered):
    """What went from one address to another, in MiB; `back` the other way. `said`: an alert was made of it."""

    out: int = 0
    back: int = 0
    said: bool = False


class DataOut(Detector):
    name = "data_out"
    about = "Tell of own hosts that send much to one address outside."
    options = (
        Option("window_s", 3600, "Seconds within which it is sent.", 60, 86400),
        Option("mib", 500, "MiB of payload sent to one address.", 1, 1_000_000),
    )
    wants = frozenset({CARRIED, INSIDE})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._own = Own()
        self._pairs: Bounded[tuple[bytes, bytes], Sent] = Bounded(PAIRS)
        self._window, self._least = of("window_s") * SECOND, of("mib")
        return super().begin(of, alarm)

    def take(self, notice: Notice) -> None:
        """One MiB more, of one side."""
        if notice.kind == INSIDE:
            self._own.take(notice)
            return
        near, far = (notice.src, notice.dst) if notice.src in self._own else (notice.dst, notice.src)
        if near not in self._own or far in self._own or near in self.allowed or far in self.allowed:
            return
        sent = self._pairs.get((near, far))
        if sent is None or notice.time_ns > sent.first + self._window:
            sent = Sent(notice.time_ns, notice.time_ns)
        self._pairs[near, far] = sent
        self._pairs.move_to_end((near, far))
        if notice.more[2] == (near == notice.dst):
            sent.out += 1
            sent.add(notice)
        else:
            sent.back += 1
        if sent.out >= self._least and sent.out >= TIMES * sent.back and not sent.said:
            sent.said = True
            self.alarm(self, notice, (near, far), sent)

    def describe(self, about: tuple[bytes, bytes], episode: Sent) -> Told:
        near, far = map(text_of, about)
        return Told(WARNING, "Much data leaves", f"{near} sent {far} {episode.out} MiB and got {episode.back} MiB back",
                    {"sent_mib": episode.out, "received_mib": episode.back, "window_s": self._window // SECOND},
                    {"src": near, "dst": far})
