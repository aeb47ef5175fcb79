"""For any bytes, cut in any way, DNS's parser gives the same answer, and its texts are valid."""

import struct

from driver import Turns, outcome, pack, run, streamed, turns_of

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto.dns import text as dns

NAME = b"\x03www\x07example\x03com\0"
QUERY = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 1) + NAME + b"\0\x01\0\x01" + b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
RDATA = [
    (1, b"\xc0\0\2\1"),
    (5, b"\xc0\x10"),
    (15, b"\0\x0a\xc0\x10"),
    (16, b'\x03a"b'),
    (6, b"\xc0\x0c\xc0\x10" + b"\1" * 20),
    (65, b"\0\1\0\0\1\0\3\x02h2"),
    (47, b"\xc0\x0c\0\1\x40"),
    (46, b"\0\1\x08\2" + b"\0" * 14 + b"\xc0\x0csig"),
]
ANSWER = (
    struct.pack(">6H", 7, 0x8180, 1, len(RDATA), 0, 0)
    + NAME
    + b"\0\x01\0\x01"
    + b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for kind, data in RDATA)
)
SEEDS = [
    pack([(0, QUERY), (1, ANSWER)]),
    pack([(1, ANSWER), (0, QUERY + b"x")]),
    pack([(0, b"\0" + bytes([len(QUERY)]) + QUERY), (1, len(ANSWER).to_bytes(2, "big") + ANSWER)]),
]


def show(result: tuple) -> None:
    dns.label(dns.describe(result[1]))
    for event in result[2]:
        dns.record(event[4])


def datagrams(name: str, port: int, turns: Turns) -> None:
    probe = Probe(name, datagram=True, dport=port)
    for side, data in turns:
        probe.detect(data, side)
        probe.feed(side, data)
    show(outcome(probe))


stream = streamed(lambda: Probe("dns", dport=53), show)


def target(data: bytes) -> None:
    stream(data)
    turns = turns_of(data)
    for name, port in (("dns", 53), ("dns", 4000), ("mdns", 5353), ("llmnr", 5355)):
        datagrams(name, port, turns)
    dns.message(data)


if __name__ == "__main__":
    run(target, SEEDS)
