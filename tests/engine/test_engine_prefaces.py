"""What may stand before any protocol over TCP: the line or head of a proxy, after which all is read as without it; and
who answers in another protocol than it was asked in is named by what it says."""

from __future__ import annotations

import pytest
from conversation import CLIENT, Talk
from lab import conversations
from running import run
from talk_proxy import ENDS4, ENDS6, V1, v2
from talks import Turns

PREFACES = {"v1": V1, "v1 unknown": b"PROXY UNKNOWN\r\n", "v2": v2(0x21, 0x11, ENDS4), "v2 IPv6": v2(0x21, 0x21, ENDS6),
            "v2 local": v2(0x20, 0, b"")}
# known by what is not among its bytes: another flow, the time of its frames
NOT_ALONE = {"ftp-data", "openvpn tls"}


def told(port: int, turns: Turns) -> dict[str, object]:
    talk = Talk(dport=port).open()
    for side, data in turns:
        talk.say(side, data).ack(1 - side)
    return run(talk.close().frames).flow


NAMES = [name for name in conversations() if name not in NOT_ALONE]


@pytest.mark.parametrize("preface", PREFACES)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_proxy_says_first_is_a_layer_of_every_protocol(name: str, preface: str) -> None:
    stack, port, turns = conversations()[name]
    plain = told(port, turns)
    assert plain["app_stack"] == stack
    for first in ([(CLIENT, PREFACES[preface]), *turns], joined(PREFACES[preface], turns)):
        flow = told(port, first)
        assert flow["app_stack"] == ["proxy", *stack]
        for app in stack:
            assert flow.get(app) == plain.get(app), app


def joined(preface: bytes, turns: Turns) -> Turns:
    """The preface in one segment with what the client says first."""
    at = next(i for i, (side, _) in enumerate(turns) if side == CLIENT)
    if at:
        return [(CLIENT, preface), *turns]
    return [(CLIENT, preface + turns[0][1]), *turns[1:]]
