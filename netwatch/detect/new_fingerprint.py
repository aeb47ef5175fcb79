"""New client fingerprints: a program begins TLS in a way (JA4) in which it did not before.

It may have been brought up to date, or something else goes by its name. Needs the programs of flows: live, or in a
capture that names them.
"""

from __future__ import annotations

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import WARNING, Told
from netwatch.detect.episodes import Gathered
from netwatch.detect.programs import Learner, options, print_of
from netwatch.model.record import Record


class NewFingerprint(Learner):
    name = "new_fingerprint"
    about = "Tell of programs that begin TLS as they did not before, by their JA4."
    options = options(8, "fingerprints")

    def thing_of(self, flow: Record) -> str:
        return print_of(flow)

    def describe(self, about: tuple[str, str, bytes, bytes, int], episode: Gathered) -> Told:
        program, ja4, src, dst, dport = about
        return Told(WARNING, "New client fingerprint", f"{program} began TLS with {text_of(dst)} as it did not before",
                    {"program": program, "ja4": ja4},
                    {"src": text_of(src), "dst": text_of(dst), "dport": dport})
