"""RDP over UDP: what both sides agree on; joined late; what its first datagrams must be."""

import pytest
from spoken import check_hostile, check_strangers, describing, flow, shown, told
from talk_rdpudp import LATE, TALK, first, record

from netwatch._fast.out.probe import DONE, NOT_MINE, OK


def test_a_conversation():
    probe = told("rdpudp", TALK[:2])
    obj = shown("rdpudp", probe.facts)
    assert obj == {
        "version": "2", "offered_version": "2", "upstream_mtu": 1232, "downstream_mtu": 1232, "window": 64,
        "correlation_id": bytes(range(16)).hex(), "lossy": True,
    }  # fmt: skip
    assert (probe.code, probe.initiator, describing("rdpudp").label(obj)) == (OK, 0, "RDP-UDP 2")
    assert told("rdpudp", TALK).code == DONE


@pytest.mark.parametrize(("data", "away", "home"), [
    (first(0x0001), 96, 96),
    (first(0x0005, ack=7), 96, 96),
    (first(0x0001, ack=7), 0, 0),
    (first(0x0009), 0, 0),
    (first(0x1001, version=0x101), 96, 96),
    (first(0x1001, version=7), 0, 0),
    (first(0x0001, mtu=1233), 0, 0),
    (first(0x0001)[:1131], 0, 0),
    (first(0x0001) + b"\0", 0, 0),
    (LATE[0][1], 0, 85),
    (LATE[1][1], 0, 85),
    (record(b"\x17\3\3\0\x28", ahead=5000), 0, 0),
    (record(b"\x18\3\3\0\x28"), 0, 0),
    (record(b"\x17\3\3\0\x28", flags=0x0D), 0, 0),
    (record(b"\x17\3\3\0\x28", vector=3000), 0, 0),
    (record(b"\x17\3\3\0\x28")[:20], 0, 0),
])
def test_detection(data, away, home):
    assert [flow("rdpudp", port, datagram=True).detect(data) for port in (4321, 3389)] == [away, home]


def test_joined_late():
    probe = told("rdpudp", LATE)
    assert (probe.code, shown("rdpudp", probe.facts)) == (DONE, {"version": "1"})
    assert told("rdpudp", [(0, b"\x0f" * 60)]).code == NOT_MINE


def test_strangers():
    check_strangers("rdpudp")


def test_hostile():
    check_hostile("rdpudp")
