"""Nobody answers: SYNs to a port are met with silence."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import NONE, WARNING, Measured, Rule, Subject, Threshold, Told, Totals


class NoAnswer(Rule):
    name = "no_answer"
    metric = "open"
    share = 50.0

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.least = threshold("silent")

    def bad(self, seen: Measured) -> int:
        return seen.ways[NONE]

    def enough(self, totals: Totals) -> bool:
        return self.is_much(totals.ways[NONE], totals)

    def describe(self, subject: Subject, totals: Totals) -> Told:
        where = words.port_of(subject)
        return Told(WARNING, "Connections are not answered",
                    f"{where} does not answer: the host is down, the way is interrupted, or a firewall drops packets "
                    "without a word",
                    [f"{words.times(totals.ways[NONE], 'connection attempt')} without any answer, "
                     f"{totals.good:,} opened"],
                    "See whether the host answers at all (another port, a ping); then look for a firewall on the way.",
                    *words.of_port(subject))
