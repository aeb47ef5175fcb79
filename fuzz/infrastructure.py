"""What the fuzzers of brokers, routing and industrial protocols share; seeds: tests/proto/infrastructure_talks.py."""

import pathlib
import sys
from types import ModuleType

from driver import pack, run, streamed, turns_of

from netwatch._fast.out.probe import Probe

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from infrastructure_talks import HOMES, TALKS


def fuzz(name: str, module: ModuleType, udp: bool = False) -> None:
    """Run the target, to the own port and to another; `udp` tells the same turns as datagrams, too."""

    def show(result: tuple) -> None:
        facts = result[1]
        assert sum(4 + len(value) for _, value in facts) <= 8192
        obj = module.describe(facts)
        module.label(obj)
        assert "\x00" not in str(obj), "a control character in a text"

    streams = [streamed(lambda port=port: Probe(name, dport=port), show) for port in (HOMES[name], 4321)]

    def target(data: bytes) -> None:
        streams[len(data) & 1](data)
        if udp:
            probe = Probe(name, datagram=True, dport=HOMES[name])
            for side, part in turns_of(data):
                assert probe.detect(part, side) >= 0, "a datagram comes whole"
                probe.feed(side, part)
            show((0, probe.facts))

    talks = TALKS[name]
    run(target, [*(pack(turns[:12]) for turns in talks), *(pack([turn]) for turns in talks for turn in turns)])
