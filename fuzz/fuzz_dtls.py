"""For any datagrams DTLS's parser keeps the seam's rules and its texts can be made."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from driver import outcome, pack, run, turns_of
from test_dtls import AGAIN, CERT, CLIENT, DARK, SERVER, VERIFY, client_body, message, record

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import dtls

PARTS = [record(22, message(1, client_body(), at=at, size=40)) for at in (80, 0, 40)]
SEEDS = [
    pack([(0, CLIENT), (1, VERIFY), (0, AGAIN), (1, SERVER + record(22, message(11, CERT))), (0, DARK), (1, DARK)]),
    pack([(0, part) for part in PARTS]),
]


def target(data: bytes) -> None:
    probe = Probe("dtls", datagram=True, dport=3478)
    for side, part in turns_of(data):
        probe.detect(part, side)
        probe.feed(side, part)
    dtls.label(dtls.describe(outcome(probe)[1]))


if __name__ == "__main__":
    run(target, SEEDS)
