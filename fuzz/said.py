"""What the targets of protocols with a talk_NAME.py share that run over UDP, alone or too; tests/proto/spoken.py.

Seeds are their conversations, each turn a part of a stream or a datagram.
"""

import pathlib
import sys
from collections.abc import Callable

from driver import pack, run, streamed, turns_of

from netwatch._fast.out.probe import Probe

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from spoken import HOME, carries, shown, spoken, talk_of

SEED = 4096                    # bytes of a turn; atheris makes no longer inputs


def target_of(name: str) -> Callable[[bytes], None]:
    """Its streams and datagrams, to the own port and to another."""
    ports = (talk_of(HOME.get(name, name)).PORT, 4321)
    streams = [streamed(lambda port=port: Probe(name, dport=port), lambda result: shown(name, result[1]) and None)
               for port in ports] if carries(name, datagram=False) else []

    def target(data: bytes) -> None:
        if streams:
            streams[len(data) & 1](data)
        for port in ports if carries(name, datagram=True) else ():
            probe = Probe(name, datagram=True, dport=port)
            for side, part in turns_of(data):
                assert probe.detect(part, side) >= 0, "a datagram comes whole"
                probe.feed(side, part)
                probe.ts += 1000
            assert probe.fact_bytes < 8192
            shown(name, probe.facts)

    return target


def fuzz(*names: str) -> None:
    """Run the target of the protocols, which share one file."""
    targets = [target_of(name) for name in names]
    talks = [[(side, data[:SEED]) for side, data in turns] for turns in spoken(names[0])]
    seeds = [*(pack(turns[:12]) for turns in talks), *(pack([turn]) for turns in talks for turn in turns)]
    run(lambda data: [target(data) for target in targets] and None, seeds)
