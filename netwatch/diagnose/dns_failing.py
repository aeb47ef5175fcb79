"""A resolver that answers with failures: SERVFAIL or REFUSED."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import FAILED, WARNING, Measured, Rule, Subject, Threshold, Told, Totals


class DnsFailing(Rule):
    name = "dns_failing"
    metric = "resolver"

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.least, self.share = threshold("dns_times"), threshold("dns_share")

    def bad(self, seen: Measured) -> int:
        return seen.ways[FAILED]

    def enough(self, totals: Totals) -> bool:
        return self.is_much(totals.ways[FAILED], totals)

    def describe(self, subject: Subject, totals: Totals) -> Told:
        where = words.host(subject.a)
        ends, _ = words.of_host(subject)
        return Told(WARNING, "The DNS server fails", f"the DNS server {where} answers that it cannot (SERVFAIL) or "
                    "will not (REFUSED) resolve",
                    [f"{totals.ways[FAILED]:,} of {totals.good + totals.bad:,} answers were SERVFAIL or REFUSED"],
                    "Ask another resolver: if that one answers, this one is broken or not meant for this client; if "
                    "not, the zone is broken, or its DNSSEC.", ends, f"dst == {where} and app == dns")
