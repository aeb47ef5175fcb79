"""Packets without ports whose content is read: LLDP, CDP, IGMP, and of ICMPv6 what hosts tell of groups."""

from __future__ import annotations

import pytest
from running import run
from wire import (
    SECOND,
    START,
    Timed,
    eth,
    eth_length,
    extension,
    icmp6_echo,
    igmp_report,
    ip4,
    ip6,
    lldp_of,
    snap,
    vlan,
)

GROUPS = ("239.1.1.1", "232.1.1.3")
MLD = b"\x83" + bytes(7) + bytes.fromhex("ff0200000000000000000000000000fb")
CDP = b"\2\xb4\0\0" + b"\0\1\0\x07sw2" + b"\0\3\0\x08Fa/1"
FRAMES = {
    "lldp": (eth(lldp_of("sw1", "Gi1"), 0x88CC), "lldp", {"device": "sw1", "port": "Gi1"}),
    "lldp in a vlan": (eth(vlan(7, 0x88CC, lldp_of("sw1", "Gi1")), 0x8100), "lldp", {"device": "sw1", "port": "Gi1"}),
    "cdp": (eth_length(snap(0x2000, CDP, 0x00000C)), "cdp", {"device": "sw2", "port": "Fa/1"}),
    "igmp": (eth(ip4(2, igmp_report(*GROUPS), dst="224.0.0.22", options=b"\x94\4\0\0")), "igmp",
             {"types": ["v3 report"], "groups": list(GROUPS)}),
    "mld": (eth(ip6(0, extension(58) + MLD, dst="ff02::fb"), 0x86DD), "mld",
            {"types": ["v1 report"], "groups": ["ff02::fb"]}),
}


@pytest.mark.parametrize("what", FRAMES)
def test_what_is_told(what: str) -> None:
    frame, app, obj = FRAMES[what]
    result = run([(START, frame), (START + SECOND, frame)])
    flow = result.flow
    assert (flow["app"], flow["app_stack"], flow["packets_out"]) == (app, [app], 2)
    assert {key: flow[app][key] for key in obj} == obj


@pytest.mark.parametrize("what", FRAMES)
def test_cut_anywhere(what: str) -> None:
    frame = FRAMES[what][0]
    for size in range(14, len(frame)):
        cut: list[Timed] = [(START, frame[:size], len(frame))]
        for flow in run(cut).flows:
            assert flow.get("app") in (None, FRAMES[what][1])


def test_an_echo_is_nobodys() -> None:
    assert run([(START, eth(ip6(58, icmp6_echo(128, 78)), 0x86DD))]).flow.get("app") is None


def test_nothing_is_read_when_nothing_is_asked_for() -> None:
    assert run([(START, FRAMES["lldp"][0])], dpi=False).flow.get("app") is None
