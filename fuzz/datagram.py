"""What the datagram fuzzers share: any datagrams, to its port and to another, do no harm and make valid texts.

Seeds are the hand-made conversations of tests/proto/messages.py. A protocol that runs over TCP as well is also told the
same bytes as a stream, cut differently.
"""

import pathlib
import sys
from types import ModuleType

from driver import pack, run, streamed, turns_of

from netwatch._fast.out.probe import Probe

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from messages import CONVERSATIONS, PORTS


def fuzz(name: str, module: ModuleType, tcp: bool = False, frame: int = 0) -> None:
    """Run the target; `frame` bytes of length stand before each message of its streams."""

    def show(facts: list[tuple[int, bytes]]) -> None:
        obj = module.describe(facts)
        module.label(obj)
        assert "\x00" not in str(obj), "a control character in a text"

    stream = streamed(lambda: Probe(name, dport=PORTS[name]), lambda result: show(result[1]))

    def target(data: bytes) -> None:
        for port in (PORTS[name], 4321):
            probe = Probe(name, datagram=True, dport=port)
            for side, part in turns_of(data):
                sure = probe.detect(part, side)
                assert sure >= 0, "a datagram comes whole"
                probe.feed(side, part)
                probe.ts += 1000
            assert probe.fact_bytes < 8192
            show(probe.facts)
        if tcp:
            stream(data)

    turns = CONVERSATIONS[name]
    framed = [(side, len(data).to_bytes(frame, "big") + data if frame else data) for side, data in turns]
    run(target, [pack(turns), pack(framed), *(pack([turn]) for turn in turns)])
