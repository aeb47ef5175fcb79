"""For any datagrams QUIC's parser keeps the seam's rules and its texts can be made; payloads are sealed as well."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from driver import outcome, pack, run, turns_of
from quicmake import T050, V1, V2, client_hello, close, crypto, padded, seal, server_hello

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import quic  # noqa: F401
from netwatch._fast.proto.quic.text import describe, label

PAYLOADS = [b"\2\0\0\1\0\1\1" + crypto(client_hello()), b"\3\0\0\0\0\1\1\1" + crypto(server_hello()) + close(3, b"why")]
SEEDS = [pack([(0, payload), (1, payload)]) for payload in PAYLOADS]
SEEDS += [pack([(0, seal(padded(PAYLOADS[0]))), (1, seal(PAYLOADS[1], server=True)), (0, b"\x40" + bytes(30))])]
SEEDS += [pack([(0, b"\x0d" + bytes(8) + b"Q043\1" + bytes(14) + b"CHLO\1\0\0\0SNI\0\3\0\0\0abc" + bytes(9))])]


def target(data: bytes) -> None:
    for version in (None, V1, V2, T050):
        probe = Probe("quic", datagram=True, dport=443)
        for number, (side, part) in enumerate(turns_of(data)):
            if version:
                part = seal(part[:8000] or b"\0", number=number, version=version, server=bool(side))
            probe.detect(part, side)
            probe.feed(side, part)
        label(describe(outcome(probe)[1]))


if __name__ == "__main__":
    run(target, SEEDS)
