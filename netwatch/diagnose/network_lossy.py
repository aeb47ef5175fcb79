"""Loss on the way between two hosts: many of the segments that one sends have to be sent again."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import NONE, OTHER, WARNING, Rule, Subject, Threshold, Told, Totals


class NetworkLossy(Rule):
    name = "network_lossy"
    metric = "sent"
    hides = ("server_slow", "handshake_slow", "dns_wait")

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.least = threshold("loss_times")
        self.percent = threshold("loss_percent")

    def enough(self, totals: Totals) -> bool:
        lost = totals.bad - totals.ways[OTHER]  # what had arrived was late, not lost
        return lost >= self.least and 100 * lost >= self.percent * totals.weight

    def describe(self, subject: Subject, totals: Totals) -> Told:
        here, there = words.host(subject.a), words.host(subject.b)
        share = 100 * totals.bad / max(totals.weight, 1)
        evidence = [f"{words.times(totals.bad, 'segment')} sent again of {totals.weight:,} packets ({share:.1f} %)"]
        if totals.ways[NONE]:
            evidence.append(f"{words.times(totals.ways[NONE], 'SYN')} of connections that opened had to be sent again")
        if totals.ways[OTHER]:
            evidence.append(f"{totals.ways[OTHER]:,} of them had arrived before: acknowledgements are late or lost")
        return Told(WARNING, "The network loses packets",
                    f"packets from {here} to {there}, or the answers to them, are lost on the way", evidence,
                    "Look for errors and drops of the interfaces on the way (ip -s link), a saturated link, bad Wi-Fi; "
                    "compare with a capture at the other end to see which direction loses.", *words.of_path(subject))
