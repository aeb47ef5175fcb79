"""A port is flooded with handshakes that nobody completes: its answers go to addresses that never asked, or to a
scanner."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import CRITICAL, OTHER, Measured, Rule, Subject, Threshold, Told, Totals


class HalfOpenFlood(Rule):
    name = "half_open_flood"
    metric = "open"
    hides = ("no_answer", "handshake_slow", "refused", "server_slow", "retransmission_storm", "network_lossy")
    window_s = 10
    share = 50.0

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.window_s = min(10, self.window_s)
        self.least = threshold("half_open")

    def bad(self, seen: Measured) -> int:
        return seen.ways[OTHER]

    def enough(self, totals: Totals) -> bool:
        return self.is_much(totals.ways[OTHER], totals)

    def describe(self, subject: Subject, totals: Totals) -> Told:
        where = words.port_of(subject)
        return Told(CRITICAL, "A flood of half-open connections", f"{where} is sent SYNs whose handshakes nobody "
                    "completes: a SYN flood, or answers that do not find their way back",
                    [f"{words.times(totals.ways[OTHER], 'handshake')} left half done, {totals.good:,} completed"],
                    "Let SYN cookies be on (sysctl net.ipv4.tcp_syncookies), limit SYNs by source, tell upstream.",
                    *words.of_port(subject))
