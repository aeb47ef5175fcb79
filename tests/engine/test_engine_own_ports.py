"""However many datagrams that nobody knows come before: on a protocol's own port its first words are heard."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest
from conversation import CLIENT
from messages import CONVERSATIONS, PORTS
from running import run
from spoken import SPOKEN, carries, talk_of
from talks import Turns
from wire import A4, A6, B4, B6, MS, START, eth, fragments4, fragments6, ip4, ip6, udp

# whose packets have no ports, or who call no port their own
NONE = {"lldp", "igmp", "rtp", "rtcp"}


def conversations() -> dict[str, tuple[int, Turns]]:
    """The port, and what is said there."""
    found = {name: (PORTS[name], turns) for name, turns in CONVERSATIONS.items() if name not in NONE}
    for name in SPOKEN:
        if carries(name, datagram=True):
            for number, turns in enumerate(talk_of(name).DATAGRAMS):
                found[f"{name} {number}"] = talk_of(name).PORT, turns
    return found


def sent(port: int, turns: Turns, six: bool) -> list[tuple[int, bytes]]:
    frames = []
    for at, (side, data) in enumerate(turns):
        body = udp(*((40000, port) if side == CLIENT else (port, 40000)), data)
        way = 1 if side == CLIENT else -1
        packet = ip6(17, body, *(A6, B6)[::way]) if six else ip4(17, body, *(A4, B4)[::way], ident=at)
        frames.append((START + at * MS, eth(packet, 0x86DD if six else 0x0800)))
    return frames


@pytest.mark.parametrize("junk", [8, 9, 40])
@pytest.mark.parametrize("name", conversations())
def test_junk_hides_nothing(name: str, junk: int) -> None:
    port, turns = conversations()[name]
    before = [(CLIENT, b"\x01\x02junk%d" % i) for i in range(junk)]
    alone = run(sent(port, turns, six=False)).flow
    assert run(sent(port, [*before, *turns], six=junk == 9)).flow["app_stack"] == alone["app_stack"]


# --- whose port it is not ---

JUNK = [b"\x01\x02junk%d" % i for i in range(40)]
MANY = {"bacnet": 47808, "wireguard": 51820, "dnp3": 20000, "memcached": 11211, "bittorrent": 6881, "stun": 3478,
        "enip": 44818, "rdpudp": 3389, "gtpc": 2123, "ldap": 389, "dtls": 853}


def flows(datagrams: list[list[bytes]], ends: tuple[int, int], back: bool = False) -> list[dict[str, Any]]:
    """A flow of each list: from a client that has the first port to the second, or all `back` from there."""
    frames, way = [], -1 if back else 1
    for number, each in enumerate(datagrams):
        there = f"10.1.{number >> 8}.{number & 255}"
        for data in each:
            packet = ip4(17, udp(*ends[::way], data), *(there, B4)[::way], ident=len(frames))
            frames.append((START + len(frames) * MS, eth(packet)))
    return run(frames, kinds=("flows",)).flows


@pytest.mark.parametrize(("sport", "dport"), [*((40000, port) for port in MANY.values()),
                                              *((port, 9999) for port in MANY.values() if port > 9999)])
def test_what_is_said_late_on_anothers_port_is_nobodys(sport: int, dport: int) -> None:
    """Nor on a client's that drew another's."""
    first = {name: next(data for _, data in turns if data) for name, (_, turns) in conversations().items()}
    mine = next(name for name, port in MANY.items() if port in (sport, dport))
    found = flows([[*JUNK, data] for data in first.values()], (sport, dport))
    for name, flow in zip(first, found, strict=True):
        assert flow.get("app") in (None, *((mine, "quic", "rpc") if dport != 9999 else ())), name
        assert flow.get("app") is None or name.startswith((mine, flow["app"])), name


def low(kind: int, k: int, draw: random.Random) -> bytes:
    """Numbers that count up and bytes that are mostly small: what so much of what nobody knows looks like."""
    sparse = bytes(draw.randrange(256) if draw.randrange(4) == 0 else 0 for _ in range(draw.randrange(8, 80)))
    return [struct.pack("<I", k) + bytes(10), struct.pack(">I", k) + bytes(draw.randrange(4, 60)),
            bytes(draw.randrange(16) for _ in range(4 * draw.randrange(3, 16))),
            struct.pack("<HHI", draw.randrange(20), draw.randrange(50), k) + sparse,
            struct.pack(">HBB", len(sparse) + 4, draw.randrange(5), draw.randrange(5)) + sparse][kind]


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize(("sport", "dport"), [*((40000, port) for port in MANY.values()), (51820, 9999), (47808, 9999)])
def test_what_says_little_is_nobodys(sport: int, dport: int, kind: int) -> None:
    draw = random.Random(kind)
    talks = [[*JUNK[:9], *(low(kind, flow * 50 + k, draw) for k in range(50))] for flow in range(20)]
    assert {flow.get("app") for flow in flows(talks, (sport, dport))} == {None}


@pytest.mark.parametrize(("name", "port"), [("sip", 5060), ("stun", 3478)])
def test_who_answers_from_an_own_port_is_heard_though_nobody_was_seen_to_ask(name: str, port: int) -> None:
    talk = REGISTER if name == "sip" else CONVERSATIONS["stun"][0][1]
    assert [flow["app"] for flow in flows([[*JUNK, talk]], (40000, port), back=True)] == [name]


REGISTER = b"REGISTER sip:example.com SIP/2.0\r\nCall-ID: a\r\n\r\n"


@pytest.mark.parametrize("start", [START, 0])
@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("turns", [CONVERSATIONS["rtp"], [(CLIENT, bytes([0xFF, i]) * 100) for i in range(6)]
                                   + [(CLIENT, REGISTER)]], ids=["proved by several", "behind junk"])
def test_parts_of_a_datagram_are_no_tries(turns: Turns, six: bool, start: int) -> None:
    """On a port that is nobody's: however many parts each of the first datagrams comes in, whether the input says when
    or not."""
    frames = []
    for at, (side, data) in enumerate(turns):
        body, way = udp(*((40000, 7776) if side == CLIENT else (7776, 40000)), data), 1 if side == CLIENT else -1
        ends = ((A6, B6) if six else (A4, B4))[::way]
        parts = (fragments6 if six else fragments4)(17, body, 24, ident=100 + at, src=ends[0], dst=ends[1])
        frames += [(start and start + at * MS + part, eth(packet, 0x86DD if six else 0x0800)) for part, packet in
                   enumerate(parts)]
    assert run(frames).flow["app"] == ("rtp" if len(turns[-1][1]) > 100 else "sip")
