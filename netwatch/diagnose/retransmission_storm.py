"""The same segment is sent over and over and nothing comes of it: the way, or who is at its end, is gone."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import WARNING, Rule, Subject, Told, Totals


class RetransmissionStorm(Rule):
    name = "retransmission_storm"
    metric = "again"
    hides = ("network_lossy", "server_slow", "handshake_slow")

    def describe(self, subject: Subject, totals: Totals) -> Told:
        here, there = words.host(subject.a), words.host(subject.b)
        return Told(WARNING, "One segment is sent over and over",
                    f"{here} sends the same data to {there} again and again, and it is not acknowledged: the way is "
                    "interrupted, or a firewall has forgotten the connection",
                    [f"the same segment was sent again {totals.worst:.0f} times",
                     f"{words.times(totals.bad, 'time')} a segment was sent again for the fifth time or more"],
                    "See whether new connections to the host work: if so, a firewall or NAT on the way dropped its "
                    "state (keep-alives help); if not, the way or the host is down.", *words.of_path(subject))
