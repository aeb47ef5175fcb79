"""A name that does not exist is asked for again and again."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import INFO, Rule, Subject, Threshold, Told, Totals


class NameMissing(Rule):
    name = "name_missing"
    metric = "name"
    share = 50.0

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.least = threshold("names")

    def describe(self, subject: Subject, totals: Totals) -> Told:
        where = words.host(subject.a)
        ends, _ = words.of_host(subject)
        return Told(INFO, "A name does not resolve", f"{subject.name} does not exist, says {where}: it is misspelt, "
                    "it has expired, or it is known only to another resolver",
                    [f"asked for {words.times(totals.bad, 'time')}, each answered NXDOMAIN"],
                    "Look for the name in the configuration of the program that asks; inside a VPN, see that its "
                    "resolver is the one that is asked.", {**ends, "name": subject.name},
                    f"dst == {where} and app == dns")
