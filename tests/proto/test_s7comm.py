"""S7 communication: whole conversations, however cut; who else uses COTP; cut first bytes; holes."""

import pytest
from cuts import same_however_cut
from spoken import check_holes, check_hostile, check_joined, check_strangers, check_talk, flow, shown
from talk_s7comm import PLUS, SETUP, TALK, TALKS, connection, data, item, s7, tpkt

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    check_talk("s7comm", turns, code, initiator, obj, label)
    check_joined("s7comm", turns, 1.0)


def test_after_holes():
    check_holes("s7comm", [*TALK[:3], *TALK[3:], *TALK[3:]])


@pytest.mark.parametrize(("packet", "away", "home"), [
    (connection(0xE0), 0, 62),
    (connection(0xD0), 0, 62),
    (s7(1, 1, SETUP), 97, 97),
    (s7(1, 1, SETUP)[:19], 97, 97),
    (s7(1, 1, SETUP)[:12], MORE_BYTES, MORE_BYTES),
    (s7(1, 1, SETUP)[:5], MORE_BYTES, MORE_BYTES),
    (s7(1, 1, SETUP) + s7(1, 2, SETUP), 97, 97),
    (s7(1, 1, SETUP) + b"x", 0, 0),
    (data(b"\x32\1\0\0\0\1\0\x09\0\0" + bytes(8)), 0, 0),
    (data(b"\x32\4\0\0\0\1\0\x08\0\0" + bytes(8)), 0, 0),
    (data(b"\x32\1\0\1\0\1\0\x08\0\0" + bytes(8)), 0, 0),
    (data(b""), 0, 60),
    (PLUS[1][1], 0, 90),
    (data(b"\x72\4\0\x08" + bytes(12)), 0, 0),
    (data(b"\x32") + s7(1, 1, SETUP), 97, 97),
    (data(b"\x0d\x0c\x05\x13" + bytes(20)), 0, 0),
    (tpkt(b"\2\xf0\x81" + bytes(12)), 0, 0),
    (tpkt(b"\5\xe0\0\0\0\1"), 0, 0),
])
def test_detection(packet, away, home):
    assert [flow("s7comm", port).detect(packet) for port in (4321, 102)] == [away, home]


def test_data_of_another_protocol_give_the_flow_back():
    """IEC 61850's MMS goes over the same port, its session layer begins so."""
    probe = flow("s7comm")
    probe.feed(0, connection(0xE0, b"\0\1", b"\0\1"))
    assert probe.facts == []
    assert probe.feed(0, data(b"\x0d\xb2\5\6\x13\1\0\x16\1\2")) == NOT_MINE
    assert probe.facts == []


def test_a_first_byte_apart_hides_nothing():
    turns = [(0, data(b"\x32") + s7(1, 1, b"\4\1" + item(2, 1, 1, 0x84, 0)))]
    obj = shown("s7comm", same_however_cut(lambda: flow("s7comm"), turns)["facts"])
    assert obj["reads"] == ["DB1 0.0 BYTE"]


def test_a_broken_pdu_is_counted_and_the_next_one_read():
    probe = flow("s7comm")
    probe.feed(0, s7(1, 1, SETUP))
    assert probe.feed(0, data(b"\x32\1" + bytes(20)) + b"\3\0\0\1rubbish" + s7(1, 2, b"\x29")) == OK
    assert (probe.malformed, shown("s7comm", probe.facts)["functions"]) == (2, ["setup communication", "PLC stop"])


def test_parts_of_a_long_unit_are_passed_over():
    probe = flow("s7comm")
    probe.feed(0, s7(1, 1, SETUP) + data(b"\x32\7" + bytes(30), 0) + data(bytes(30)))
    assert probe.malformed == 0


def test_latency():
    probe = flow("s7comm")
    probe.feed(0, s7(1, 9, SETUP))
    probe.ts += 7_000_000
    probe.feed(1, s7(3, 8, SETUP))
    assert "latency_us" not in shown("s7comm", probe.facts)
    probe.feed(1, s7(3, 9, SETUP))
    assert shown("s7comm", probe.facts)["latency_us"] == 7000


def test_strangers():
    """A connection request to its port may be anybody's; RDP is surer of its own."""
    check_strangers("s7comm", but=((102, b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0"),))


def test_hostile():
    check_hostile("s7comm")
