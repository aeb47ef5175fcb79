"""Large packets vanish without a word while small ones arrive: the path's MTU is smaller than the sender believes, and
the ICMP message that would say so (RFC 1191, RFC 8201) does not come."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import CRITICAL, Rule, Subject, Told, Totals


class MtuBlackHole(Rule):
    name = "mtu_black_hole"
    metric = "large"
    hides = ("retransmission_storm", "network_lossy", "server_slow", "handshake_slow")

    def describe(self, subject: Subject, totals: Totals) -> Told:
        here, there = words.host(subject.a), words.host(subject.b)
        return Told(CRITICAL, "Large packets vanish",
                    f"packets of full size from {here} never reach {there}, small ones do: a path MTU black hole",
                    [f"the first large segment of a connection was sent again {totals.worst:.0f} times and never "
                     "acknowledged", "the handshake, and what was small, was acknowledged on the same connection"],
                    "Let ICMP “fragmentation needed” and “packet too big” pass, or clamp the MSS (nft: tcp option "
                    "maxseg size set rt mtu), or lower the MTU of the tunnel's interface.", *words.of_path(subject))
