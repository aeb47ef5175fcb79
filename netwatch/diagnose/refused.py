"""Nobody listens: connections to a port are refused at once."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import FAILED, WARNING, Measured, Rule, Subject, Threshold, Told, Totals


class Refused(Rule):
    name = "refused"
    metric = "open"
    share = 50.0

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.least = threshold("refused")

    def bad(self, seen: Measured) -> int:
        return seen.ways[FAILED]

    def enough(self, totals: Totals) -> bool:
        return self.is_much(totals.ways[FAILED], totals)

    def describe(self, subject: Subject, totals: Totals) -> Told:
        where = words.port_of(subject)
        return Told(WARNING, "Connections are refused", f"nothing listens on {where}: the service is down, or it is "
                    "the wrong port; a firewall that rejects looks the same",
                    [f"{words.times(totals.ways[FAILED], 'SYN')} answered by a RST, {totals.good:,} connections "
                     "opened"],
                    "See whether the service runs and where it listens (ss -ltnp on that host).",
                    *words.of_port(subject))
