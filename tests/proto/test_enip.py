"""EtherNet/IP: whole conversations, however cut; CIP inside CIP; implicit messages; what its header must be."""

import struct

import pytest
from spoken import check_holes, check_hostile, check_joined, check_strangers, check_talk, flow, shown, told
from talk_enip import IMPLICIT, REGISTER, TALK, TALKS, answer, ask, message, path, symbol, unconnected

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    check_talk("enip", turns, code, initiator, obj, label)
    check_joined("enip", turns, 1.0)
    check_holes("enip", turns)


@pytest.mark.parametrize(("data", "away", "home"), [
    (REGISTER, 85, 95),
    (REGISTER[:20], MORE_BYTES, MORE_BYTES),
    (message(4)[:20], MORE_BYTES, MORE_BYTES),
    (bytes(64), 0, 0),
    (message(0x63, session=0), 0, 90),
    (message(0x63, session=7), 0, 95),
    (message(0x66), 0, 95),
    (message(0x66, session=0), 0, 0),
    (unconnected(ask(1, path(1))), 85, 95),
    (message(0x6F, b"\1" + bytes(11)), 0, 0),
    (message(0x65, b"\2\0\0\0"), 0, 0),
    (message(0x65, b"\1\0\0"), 0, 0),
    (message(0x71, bytes(8)), 0, 0),
    (message(0, session=0), 0, 0),
    (message(0, session=0) + REGISTER, 0, 80),
    (message(0x63, status=9), 0, 0),
    (message(0x63)[:20] + b"\1\0\0\0", 0, 0),
    (REGISTER + REGISTER, 85, 95),
    (REGISTER + b"GET /", 0, 0),
])
def test_detection(data, away, home):
    assert [flow("enip", port).detect(data) for port in (4321, 44818)] == [away, home]


def test_datagrams():
    probe = told("enip", [TALK[2], TALK[3]])
    assert shown("enip", probe.facts)["product"] == "1756-L61/B!"
    assert shown("enip", probe.facts)["latency_us"] == 1500
    assert flow("enip", datagram=True).detect(TALK[3][1]) == 95
    assert flow("enip", datagram=True).detect(TALK[3][1] + b"\0") == 0
    assert told("enip", [(0, TALK[3][1][:-1])]).code == NOT_MINE
    assert told("enip", [TALK[3], (0, TALK[3][1][:-1])]).malformed == 1


def test_implicit_messages():
    assert flow("enip", 2222, datagram=True).detect(IMPLICIT) == 96
    assert flow("enip", 2222, datagram=True).detect(IMPLICIT + b"\0") == 0
    assert flow("enip", 2222).detect(IMPLICIT) == 0
    assert shown("enip", told("enip", [(0, IMPLICIT)] * 3).facts) == {"connections": ["0000aabb"], "implicit": 3}


def test_an_answer_heard_first_shows_who_is_the_server():
    probe = flow("enip", client=0)
    probe.feed(0, unconnected(answer(1)))
    assert probe.initiator == 1


def test_a_broken_message_is_counted_and_the_next_one_found():
    probe = flow("enip")
    probe.feed(0, REGISTER)
    assert probe.feed(0, b"\x6f\0" + b"rubbish, not a header at all" + unconnected(ask(1, path(1)))) == OK
    assert (probe.malformed, shown("enip", probe.facts)["services"]) == (1, ["Identity Get_Attributes_All"])
    assert flow("enip").feed(0, message(0x65, b"\2\0\0\0")) == NOT_MINE


@pytest.mark.parametrize("cip", [
    b"\x0e", b"\x0e\x7f\x20", ask(0x0E, b"\x91\x40ab"), ask(0x0E, b"\xff\0"), ask(0x52, path(6), b"\0\0\xff\xff"),
    ask(0x0A, path(2), struct.pack("<HHH", 9, 6, 600)), ask(0x0A, path(2), struct.pack("<HH", 1, 0)),
])
def test_what_does_not_add_up_is_passed_over(cip):
    probe = flow("enip")
    assert probe.feed(0, unconnected(cip)) == OK
    assert "tags" not in shown("enip", probe.facts)


def test_longer_numbers_in_paths():
    probe = flow("enip")
    probe.feed(0, unconnected(ask(0x0E, path(0x300) + b"\x25\0\1\0")))
    probe.feed(0, unconnected(ask(0x4C, symbol(b"abc") + b"\x28\1")))
    assert shown("enip", probe.facts)["services"] == ["class 0x300 Get_Attribute_Single", "Read_Tag"]


def test_strangers():
    check_strangers("enip")


def test_hostile():
    check_hostile("enip")
