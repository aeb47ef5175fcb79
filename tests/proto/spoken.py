"""Shared by the tests of protocols with a talk_NAME.py: what each of them must hold, over streams and over datagrams.

The module has TALKS, as tools/new_protocol.py begins it, PORT, and, where the protocol runs over UDP, DATAGRAMS:
conversations of which each turn is one datagram.
"""

import importlib
import json
from types import ModuleType

from cuts import same_however_cut
from infrastructure_checks import NOISE, STRANGERS
from infrastructure_talks import TALKS as INFRASTRUCTURE
from messages import CONVERSATIONS

from netwatch._fast.out.probe import MORE, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.out.protocols import DESCRIBING

Turns = list[tuple[int, bytes]]
SPOKEN = ("dcerpc", "rpc", "tds", "netflow", "sflow", "diameter", "gtpc", "bacnet", "enip", "s7comm", "iec104", "tns",
          "rdpudp")


def talk_of(name: str) -> ModuleType:
    return importlib.import_module(f"talk_{name}")


def describing(name: str) -> ModuleType:
    return importlib.import_module(f"netwatch._fast.proto.{DESCRIBING[name]}")


def flow(name: str, port: int | None = None, **options) -> Probe:
    """A flow of the protocol, to its own port unless told otherwise."""
    return Probe(name, dport=talk_of(HOME.get(name, name)).PORT if port is None else port, **options)


HOME = {"nfs": "rpc", "ipfix": "netflow", "cdp": "lldp", "mld": "igmp"}


def shown(name: str, facts) -> dict:
    """The object of the facts; it and the label are as JSON has them."""
    module = describing(name)
    obj = module.describe(facts)
    assert isinstance(module.label(obj), str)
    assert json.loads(json.dumps(obj)) == obj
    assert "\x00" not in str(obj), "a control character in a text"
    return obj


def without_times(obj: dict) -> dict:
    return {key: value for key, value in obj.items() if key != "latency_us"}


def check_talk(name: str, turns: Turns, code: int, initiator: int | None, obj: dict, label: str, **options) -> None:
    """The conversation however cut; its own first words are taken for it."""
    result = same_however_cut(lambda: flow(name, **options), turns)
    assert without_times(shown(name, result["facts"])) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert describing(name).label(obj) == label
    assert flow(name).detect(turns[0][1], turns[0][0]) > 0


def told(name: str, turns: Turns, gap_us: int = 1500, **options) -> Probe:
    """The flow after the datagrams, each `gap_us` after the one before."""
    probe = flow(name, datagram=True, **options)
    for side, data in turns:
        probe.feed(side, data)
        probe.ts += gap_us * 1000
    return probe


def check_joined(name: str, turns: Turns, least: float = 0.9, port: int | None = None) -> None:
    """A flow joined at any of its turns is named there."""
    named = [flow(name, port).detect(data, side) > 0 for side, data in turns]
    assert sum(named) >= least * len(named), named


def check_holes(name: str, turns: Turns) -> None:
    """Any turn may be lost, or half of one: nothing breaks, and when all is said again nothing of it is missed."""
    whole = flow(name)
    for side, data in turns:
        whole.feed(side, data)
    for missing in range(1, len(turns)):
        for kept in (0, len(turns[missing][1]) // 2):
            probe = flow(name)
            for at, (side, data) in enumerate(turns):
                if at == missing:
                    probe.feed(side, data[:kept])
                    probe.lost(side, len(data) - kept)
                else:
                    probe.feed(side, data)
            assert (probe.malformed, probe.code) in ((0, OK), (0, MORE)), (missing, kept)
            for side, data in turns:
                probe.feed(side, data)
            assert shown(name, probe.facts).keys() >= shown(name, whole.facts).keys(), (missing, kept)


def check_strangers(name: str, but: tuple = (), ports: tuple = ()) -> None:
    """Nothing another protocol says is claimed, on whatever port, except what `but` lists."""
    others = [data for other, talks in INFRASTRUCTURE.items() if other != name for turns in talks for _, data in turns]
    others += [data for other, turns in CONVERSATIONS.items() if other != name for _, data in turns]
    others += [data for other in SPOKEN if other not in (name, HOME.get(name)) for turns in spoken(other)
               for _, data in turns]
    own = talk_of(HOME.get(name, name)).PORT
    for data in filter(None, [*STRANGERS, *NOISE, *others]):
        for port in (4321, own, *ports):
            for datagram in (False, True):
                if (port, data) in but or not carries(name, datagram):
                    continue
                sure = flow(name, port, datagram=datagram).detect(data)
                assert sure == 0 or (sure == MORE_BYTES and len(data) < 64 and not datagram), (port, sure, data[:48])


def carries(name: str, datagram: bool) -> bool:
    """Does the protocol run over UDP, or TCP?"""
    try:
        Probe(name, datagram=datagram)
    except ValueError:
        return False
    return True


def spoken(name: str) -> list[Turns]:
    module = talk_of(name)
    return [turns for turns, *_ in module.TALKS] + list(getattr(module, "DATAGRAMS", []))


def check_hostile(name: str, most: int = 4096) -> None:
    """Flipped bytes, truncation and repetition: one of the codes, valid texts, facts that stay bounded."""
    module = talk_of(HOME.get(name, name))
    if carries(name, datagram=False):
        for turns, *_ in module.TALKS:
            check_spoilt(name, turns, False, most)
    if carries(name, datagram=True):
        for turns in module.DATAGRAMS:
            check_spoilt(name, turns, True, most)
            for side, data in turns:
                for size in range(len(data)):
                    shown(name, told(name, [(side, data[:size])]).facts)
                    assert flow(name, datagram=True).detect(data[:size]) != MORE_BYTES
        noise = told(name, [(0, data) for data in NOISE])
        assert noise.code == NOT_MINE or not noise.facts


def check_spoilt(name: str, turns: Turns, datagram: bool, most: int) -> None:
    for which, (side, data) in enumerate(turns):
        for at in range(min(len(data), 400)):
            for flip in (0xFF, 0x01, 0x80):
                probe = flow(name, datagram=datagram)
                spoilt = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
                for turn in [*turns[:which], (side, spoilt), *turns[which + 1 :]]:
                    probe.feed(*turn)
                probe.close()
                shown(name, probe.facts)
    probe = flow(name, datagram=datagram)
    for _ in range(60):
        for turn in turns:
            probe.feed(*turn)
    assert probe.fact_bytes < most
