"""Shared by the tests of the datagram protocols: a conversation told to a parser, and what none of them may do."""

import json

from messages import CONVERSATIONS, PORTS, be32

from netwatch._fast.out.probe import DONE, MORE_BYTES, NOT_MINE, Probe

NOISE = [
    bytes((i * 167 + k * 59 + (i * i >> 3)) & 255 for i in range(n)) for n in (1, 20, 64, 160, 600) for k in range(8)
]


def flow(name: str, port: int | None = None, **options) -> Probe:
    """A UDP flow of the protocol, to its own port unless told otherwise."""
    return Probe(name, datagram=True, dport=PORTS[name] if port is None else port, **options)


def said(name: str, turns=None, gap_us: int = 1500, **options) -> Probe:
    """The flow after the conversation, each datagram `gap_us` after the one before."""
    probe = flow(name, **options)
    for side, data in CONVERSATIONS[name] if turns is None else turns:
        probe.feed(side, data)
        probe.ts += gap_us * 1000
    return probe


def foreign(name: str) -> list[bytes]:
    """Every datagram of the other protocols, and noise."""
    # DTLS, QUIC, SIP and DNS have files of their own; here they are friends that must not be claimed.
    others = [
        b"\x16\xfe\xfd" + bytes(8) + b"\0\x0c" + b"h" * 12,
        b"\xc3" + be32(1) + b"\x08" + b"d" * 1190,
        b"OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n",
        b"\0\7\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1",
    ]
    told = [data for other, turns in CONVERSATIONS.items() if other != name for _, data in turns]
    return [data for data in told + others + NOISE if data]


def check_datagrams(name: str, module, claims_foreign: frozenset = frozenset()) -> None:
    """Truncations, flipped bytes and other protocols' datagrams: no crash, no claim, valid texts, bounded facts."""
    for data in foreign(name):
        if data not in claims_foreign:
            assert flow(name, 4321).detect(data) == 0, data[:40]
    for _, data in CONVERSATIONS[name]:
        for size in range(len(data)):
            show(module, said(name, [(0, data[:size])]))
            assert flow(name).detect(data[:size]) != MORE_BYTES
        for at in range(len(data)):
            spoilt = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
            show(module, said(name, [*CONVERSATIONS[name], (1, spoilt)]))
    many = said(name, [(i & 1, data) for i in range(300) for _, data in CONVERSATIONS[name]])
    assert many.fact_bytes < 2500
    noise = said(name, [(0, data) for data in NOISE])
    assert noise.code in (NOT_MINE, DONE) or not noise.facts


def show(module, probe: Probe) -> dict:
    """The object and label of what was learnt, as JSON would have them."""
    obj = module.describe(probe.facts)
    module.label(obj)
    assert json.loads(json.dumps(obj)) == obj
    return obj
