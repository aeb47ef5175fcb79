"""Shared by the tests of brokers, routing and industrial protocols: a flow of each, and what none of them may do."""

import importlib
import json

from cuts import same_however_cut
from infrastructure_talks import HOMES, TALKS
from messages import CONVERSATIONS

from netwatch._fast.out.probe import MORE_BYTES, Probe
from netwatch._fast.out.protocols import DESCRIBING

SIZES = (1, 8, 20, 64, 600)
NOISE = [bytes((i * 167 + k * 59 + (i * i >> 3)) & 255 for i in range(n)) for n in SIZES for k in range(40)]
STRANGERS = [
    b"\x16\3\1\2\0\1\0\1\xfc\3\3" + bytes(200),
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\0\0\0\x54\0\3\0\0user\0postgres\0database\0postgres\0\0",  # PostgreSQL
    b"\0\0\0\x08\x04\xd2\x16\x2f",
    b"\x4a\0\0\0\x0a5.7.1\0" + bytes(60),  # MySQL
    b"\x01\0\0\0\x0e",
    b"\x07\0\0\0\x03select",
    b"\x3a\0\0\0\1\0\0\0\0\0\0\0\xd4\7\0\0" + bytes(42),  # MongoDB
    b"\4\0\0\0\1\0\0\0\x16\0\1\0\x0bCQL_VERSION\0\x053.0.0",  # Cassandra
    b"\x83\0\0\0\0\0\0\0\x46",
    b"\0\0\0\x85\xffSMBr" + bytes(130),
    b"\x85\0\0\0",
    b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0",  # RDP
    b"\3" + bytes(8) + bytes(range(200)),  # RTMP
    b"\0\0\0\x2d" + bytes(20) + b"\0\0\x75\x30" + bytes(25),  # ZooKeeper
    b"\xff" * 64,
    b"\0" * 64,
    b"\0\x1d\0\7\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1",  # DNS over TCP
    b"\x13BitTorrent protocol" + bytes(48),
    b"\5\1\0",
]


def module_of(name: str):
    return importlib.import_module(f"netwatch._fast.proto.{DESCRIBING[name]}")


def flow(name: str, port: int | None = None, **options) -> Probe:
    """A flow of the protocol, to its own port unless told otherwise."""
    return Probe(name, dport=HOMES[name] if port is None else port, **options)


def shown(name: str, facts, *secrets: bool) -> dict:
    """The object of the facts; it and the label are as JSON has them."""
    module = module_of(name)
    obj = module.describe(facts, *secrets)
    module.label(obj)
    assert json.loads(json.dumps(obj)) == obj
    return obj


def read(name: str, turns, **options) -> dict:
    """The object after the conversation, which must read the same however it is cut."""
    return shown(name, same_however_cut(lambda: flow(name, **options), turns)["facts"])


def check_strangers(name: str, *, but: tuple = ()) -> None:
    """Nothing another protocol says is claimed, on any port but the own; on that neither, except what `but` lists."""
    others = [data for other, talks in TALKS.items() if other != name for turns in talks for _, data in turns]
    told = [data for turns in CONVERSATIONS.values() for _, data in turns]
    for data in [*STRANGERS, *NOISE, *others, *told]:
        for port in (4321, HOMES[name]):
            if (port, data) not in but:
                sure = flow(name, port).detect(data)
                assert sure == 0 or (sure == MORE_BYTES and len(data) < 64), (port, sure, data[:40])


def check_hostile(name: str, most: int = 4096) -> None:
    """Flipped bytes and repetition: the parser ends in one of its codes, texts can be made, facts stay bounded."""
    for turns in TALKS[name]:
        for which, (side, data) in enumerate(turns):
            for at in range(len(data)):
                for flip in (0xFF, 0x01, 0x80):
                    probe = flow(name)
                    spoilt = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
                    for turn in [*turns[:which], (side, spoilt), *turns[which + 1 :]]:
                        probe.feed(*turn)
                    probe.close()
                    shown(name, probe.facts)
        probe = flow(name)
        for _ in range(60):
            for turn in turns:
                probe.feed(*turn)
        assert probe.fact_bytes < most
