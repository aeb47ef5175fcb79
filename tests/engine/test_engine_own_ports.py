"""However many datagrams that nobody knows come before: on a protocol's own port its first words are heard."""

from __future__ import annotations

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


REGISTER = b"REGISTER sip:example.com SIP/2.0\r\nCall-ID: a\r\n\r\n"


@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("turns", [CONVERSATIONS["rtp"], [(CLIENT, bytes([0xFF, i]) * 100) for i in range(6)]
                                   + [(CLIENT, REGISTER)]], ids=["proved by several", "behind junk"])
def test_parts_of_a_datagram_are_no_tries(turns: Turns, six: bool) -> None:
    """On a port that is nobody's: however many parts each of the first datagrams comes in."""
    frames = []
    for at, (side, data) in enumerate(turns):
        body, way = udp(*((40000, 7776) if side == CLIENT else (7776, 40000)), data), 1 if side == CLIENT else -1
        ends = ((A6, B6) if six else (A4, B4))[::way]
        parts = (fragments6 if six else fragments4)(17, body, 24, ident=100 + at, src=ends[0], dst=ends[1])
        frames += [(START + at * MS + part, eth(packet, 0x86DD if six else 0x0800)) for part, packet in
                   enumerate(parts)]
    assert run(frames).flow["app"] == ("rtp" if len(turns[-1][1]) > 100 else "sip")
