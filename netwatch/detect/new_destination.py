"""New destinations: a program that was met long enough ago goes to a place where it did not go before.

A place is the domain of the name that the flow says (TLS, QUIC, HTTP), else the address. Needs the programs of flows:
live, or in a capture that names them.
"""

from __future__ import annotations

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import INFO, Told
from netwatch.detect.episodes import Gathered
from netwatch.detect.programs import Learner, options, place_of
from netwatch.model.record import Record


class NewDestination(Learner):
    name = "new_destination"
    about = "Tell of programs that go to places where they did not go before."
    options = options(64, "places")

    def thing_of(self, flow: Record) -> str:
        return place_of(flow)

    def describe(self, about: tuple[str, str, bytes, bytes, int], episode: Gathered) -> Told:
        program, place, src, dst, dport = about
        return Told(INFO, "New destination", f"{program} goes to {place}, where it did not go before",
                    {"program": program, "place": place},
                    {"src": text_of(src), "dst": text_of(dst), "dport": dport})
