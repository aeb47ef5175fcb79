"""Diameter: whole conversations, however cut; joined late, after holes, answers out of order."""

import pytest
from spoken import check_holes, check_hostile, check_joined, check_strangers, check_talk, flow, shown
from talk_diameter import CHARGING, CLIENT, HELLO, S6A, TALKS, avp, message

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    check_talk("diameter", turns, code, initiator, obj, label)
    check_joined("diameter", turns, 1.0, 4321)
    check_holes("diameter", [*turns, *turns])


def test_detection():
    whole = message(272, 0xC0, 4, 5, CLIENT)
    assert flow("diameter", 4321).detect(whole) == 97
    assert flow("diameter", 4321).detect(whole + whole) == 97
    assert flow("diameter", 4321).detect(whole[:28]) == 97
    assert flow("diameter", 4321).detect(whole[:27]) == MORE_BYTES
    assert flow("diameter", 4321).detect(whole + b"\2") == 0
    for at, value in ((0, 2), (1, 0x20), (3, 0x31), (4, 1), (4, 0xA0), (5, 0x90), (6, 0), (8, 3), (20, 1), (24, 0x41)):
        assert flow("diameter").detect(whole[:at] + bytes([value]) + whole[at + 1 :]) == 0, at
    assert flow("diameter").detect(message(280, 0x80, 0xFFFFFFFF, 5, CLIENT)) == 97


def test_pairing_in_both_directions():
    probe = flow("diameter")
    probe.feed(0, message(280, 0x80, 0, 7, CLIENT))
    probe.ts += 1_000_000
    probe.feed(1, message(280, 0x80, 0, 7, CLIENT))
    probe.ts += 1_000_000
    probe.feed(1, message(280, 0, 0, 7, avp(268, 2001)))
    assert shown("diameter", probe.facts)["latency_us"] == 2000
    probe.feed(0, message(280, 0, 0, 8, avp(268, 2001)))
    assert shown("diameter", probe.facts)["latency_us"] == 2000
    probe.feed(0, message(280, 0, 0, 7, avp(268, 2001)))
    assert shown("diameter", probe.facts)["latency_us"] == 1000


def test_who_asks_for_capabilities_is_the_client():
    probe = flow("diameter", client=1)
    probe.feed(0, HELLO)
    assert probe.initiator == 0


def test_a_broken_message_is_counted_and_the_next_one_found():
    probe = flow("diameter")
    probe.feed(0, HELLO)
    assert probe.feed(0, b"\1\0\0\x09 rubbish, and a lot of it" + message(282, 0x80, 0, 3, CLIENT)) == OK
    assert probe.malformed == 1
    assert shown("diameter", probe.facts)["commands"] == ["Capabilities-Exchange", "Disconnect-Peer"]
    assert flow("diameter").feed(0, b"\1\0\0\x30" + bytes(60)) == NOT_MINE


@pytest.mark.parametrize("body", [avp(1, b"a") + b"\0\0\1\7\x40\0\0\3xxx", avp(1, b"a") + b"\0\0\1\7\x40\0\1\0\0\0\0\0",
                                  avp(1, b"a") + b"\0\0\0", avp(1, b"a") + avp(297, b"\0\0\0\1\x40\0\0\x40")])
def test_avps_that_do_not_add_up_end_the_message(body):
    body += bytes(-len(body) & 3)
    probe = flow("diameter")
    assert probe.feed(0, message(316, 0x80, S6A, 3, body, avp(30, b"unseen"))) == OK
    assert shown("diameter", probe.facts)["users"] == ["a"]


def test_a_long_message_is_read_as_far_as_is_wanted():
    probe = flow("diameter")
    probe.feed(0, message(316, 0x80, S6A, 3, avp(1, b"a"), avp(25, b"x" * 60000)) + CHARGING[0][1])
    obj = shown("diameter", probe.facts)
    assert (obj["requests"], obj["users"]) == (3, ["a"])


def test_strangers():
    check_strangers("diameter")


def test_hostile():
    check_hostile("diameter")
