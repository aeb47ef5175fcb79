"""A program that does not read: its receive window is shut, so that the sender has to wait. The network is well."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import WARNING, Rule, Subject, Threshold, Told, Totals


class NotReading(Rule):
    name = "not_reading"
    metric = "window"
    hides = ("server_slow", "retransmission_storm", "network_lossy")

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.longest = threshold("window_ms")

    def enough(self, totals: Totals) -> bool:
        return totals.worst >= self.longest

    def describe(self, subject: Subject, totals: Totals) -> Told:
        here, there = words.host(subject.a), words.host(subject.b)
        return Told(WARNING, "A program does not read",
                    f"the program on {here} does not take what {there} sends: its buffer is full and its window shut",
                    [f"its window stayed shut for {words.ms(totals.worst)}",
                     f"it said so {words.times(totals.bad, 'time')}"],
                    "Look at the reading program: is it stopped, swapping, waiting for a disk or a lock? The network "
                    "and the sender are not to blame.", *words.of_path(subject))
