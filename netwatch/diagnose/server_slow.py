"""A server that takes long to answer, while the way to it is well: from the last byte of a request to the first byte of
the answer goes far more than a round trip, and nothing was lost or held up meanwhile.

Programs that hold a request until there is news (long polling) look alike: raise server_ms, or mind the share.
"""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import WARNING, Rule, Subject, Threshold, Told, Totals


class ServerSlow(Rule):
    name = "server_slow"
    metric = "reply"
    least = 3

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.share = threshold("server_share")

    def describe(self, subject: Subject, totals: Totals) -> Told:
        where = words.port_of(subject)
        return Told(WARNING, "The server is slow",
                    f"{where} takes up to {words.ms(totals.worst)} to answer, beyond the round trip: the program there "
                    "is slow, not the network",
                    [f"{words.times(totals.bad, 'answer')} of {totals.bad + totals.good:,} came late, with no "
                     "retransmission and no shut window between request and answer",
                     f"longest wait beyond the round trip: {words.ms(totals.worst)}", words.usual(totals)],
                    "Look at the server: its load, its log, what it waits for itself (a database, DNS, a disk).",
                    *words.of_port(subject))
