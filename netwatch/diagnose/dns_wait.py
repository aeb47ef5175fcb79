"""A resolver that lets programs wait: its answers come late, or not at all."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import NONE, SLOW, WARNING, Measured, Rule, Subject, Threshold, Told, Totals


class DnsWait(Rule):
    name = "dns_wait"
    metric = "resolver"

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.least, self.share = threshold("dns_times"), threshold("dns_share")

    def bad(self, seen: Measured) -> int:
        return seen.ways[SLOW] + seen.ways[NONE]

    def enough(self, totals: Totals) -> bool:
        return self.is_much(totals.ways[SLOW] + totals.ways[NONE], totals)

    def describe(self, subject: Subject, totals: Totals) -> Told:
        where, late, never = words.host(subject.a), totals.ways[SLOW], totals.ways[NONE]
        what = "does not answer" if never > late else f"takes up to {words.ms(totals.worst)} to answer"
        ends, _ = words.of_host(subject)
        return Told(WARNING, "DNS does not answer" if never > late else "DNS is slow",
                    f"the DNS server {where} {what}: every connection by name waits for it first",
                    [f"{late:,} answers came late and {never:,} queries had none, of {totals.good + totals.bad:,}",
                     words.usual(totals)],
                    "Ask another resolver for the same names (dig @…) to see whether it is this one or the way to it.",
                    ends, f"dst == {where} and app == dns")
