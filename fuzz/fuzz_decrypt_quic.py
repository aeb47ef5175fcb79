"""Any datagrams to a QUIC connection whose keys are known: as they are, and any frames sealed in 1-RTT packets."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "engine"))

from driver import pack, run, turns_of
from quicpeer import Peer, new_cid, stream

from netwatch._fast.engine import Engine
from netwatch.decrypt.exchange import Sessions
from netwatch.decrypt.keylog import KeyLog
from netwatch.decrypt.plaintext import Plaintext
from netwatch.decrypt.quic import QuicFlow

PEER = Peer(alpn=b"hq")
BEGIN = [PEER.hello(), PEER.answer()]
PAYLOADS = [stream(0, b"abc") + stream(0, b"ef", 4, True), new_cid(1, b"otherway") + b"\x19\0",
            b"\x1d\1\3why" + bytes(9), b"\2\4\0\1\0\1\1" + b"\4\0\1\2" + b"\x30rest", b"\6\0\4\1\0\0\0"]
SEEDS = [pack([(0, payload), (1, payload)]) for payload in PAYLOADS] + [pack(BEGIN)]


def target(data: bytes) -> None:
    keys = KeyLog()
    keys.take_lines(PEER.lines(), "keylog")
    events = []
    out = Plaintext(Engine(), 0, 0, "quic", 1, events)
    flow = QuicFlow(keys, Sessions(), out)
    for number, (side, datagram) in enumerate(BEGIN):
        flow.take(side, number, number, 0, datagram)
    for number, (side, part) in enumerate(turns_of(data)):
        flow.take(side, number, number, 0, part)
        flow.take(side, number, number, 0, PEER.packet(side, 5, part[:1200], number=number))
    flow.finish()
    assert flow.waiting == 0
    flow.close()
    assert all(event.kind == "frames" and event.app == "quic" for event in events)


if __name__ == "__main__":
    run(target, SEEDS)
