"""A host that is far, or behind a full queue: TCP handshakes with it take long, though no SYN was lost."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import WARNING, Rule, Subject, Threshold, Told, Totals


class HandshakeSlow(Rule):
    name = "handshake_slow"
    metric = "shake"
    hides = ("dns_wait", "server_slow")
    least = 3

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.share = threshold("handshake_share")

    def describe(self, subject: Subject, totals: Totals) -> Told:
        where = words.host(subject.a)
        return Told(WARNING, "Handshakes are slow", f"it takes up to {words.ms(totals.worst)} to open a connection to "
                    f"{where}, before the program there has a say: the way delays packets, or the host is overloaded",
                    [f"{words.times(totals.bad, 'handshake')} of {totals.bad + totals.good:,} took too long, no SYN "
                     "was sent again", f"longest: {words.ms(totals.worst)}", words.usual(totals)],
                    "Compare with other hosts: if all are slow, the link here is full (bufferbloat) or far; if only "
                    "this one, look at the way to it and at its load.", *words.of_host(subject))
