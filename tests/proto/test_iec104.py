"""IEC 60870-5-104: whole conversations, however cut; joined late; sizes that must fit; refusals."""

import pytest
from spoken import check_holes, check_hostile, check_joined, check_strangers, check_talk, flow, shown
from talk_iec104 import TALK, TALKS, acknowledge, at, control, unit

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    check_talk("iec104", turns, code, initiator, obj, label)
    check_joined("iec104", turns, 1.0)
    check_joined("iec104", turns, 0.9, 4321)
    check_holes("iec104", [*turns, *turns])


@pytest.mark.parametrize(("data", "away", "home"), [
    (control(0x07), 85, 95),
    (control(0x07) + b"\x68", 0, 95),
    (control(0x07) + control(0x43), 85, 95),
    (control(0x07) + b"x", 0, 0),
    (control(0x07)[:5], MORE_BYTES, MORE_BYTES),
    (control(0x0F), 0, 0),
    (control(0x07)[:5] + b"\1", 0, 0),
    (acknowledge(7), 0, 85),
    (unit(13, 3, 1, at(5, bytes(5))), 85, 95),
    (unit(13, 3, 1, at(5, bytes(4))), 0, 0),
    (unit(13, 0, 1, at(5, bytes(5))), 0, 0),
    (unit(13, 48, 1, at(5, bytes(5))), 0, 0),
    (unit(22, 3, 1, at(5, bytes(5))), 0, 0),
    (unit(1, 3, 1, *(at(n, b"\1") for n in range(60))), 85, 95),
    (unit(1, 3, 1, *(at(n, b"\1") for n in range(60)))[:80], 0, 80),
    (unit(1, 3, 1, *(at(n, b"\1") for n in range(60)))[:40], MORE_BYTES, MORE_BYTES),
    (unit(120, 13, 1, at(1, bytes(9))), 85, 95),
    (unit(102, 5, 1, at(1, b"")), 85, 95),
    (b"\x68\3" + bytes(8), 0, 0),
])
def test_detection(data, away, home):
    assert [flow("iec104", port).detect(data) for port in (4321, 2404)] == [away, home]


def test_who_is_the_controlling_station():
    for data, initiator in ((TALK[0][1], 0), (unit(45, 6, 1, at(5, b"\1")), 0), (unit(45, 7, 1, at(5, b"\1")), 1),
                            (unit(13, 3, 1, at(5, bytes(5))), 1)):
        probe = flow("iec104", client=1 - initiator)
        probe.feed(0, data)
        assert probe.initiator == initiator


def test_a_broken_frame_is_counted_and_the_next_one_found():
    probe = flow("iec104")
    probe.feed(0, control(0x07))
    probe.feed(0, unit(13, 3, 1, at(5, bytes(4))))
    assert probe.feed(0, b"\x69noise" + unit(45, 6, 1, at(5, b"\1"))) == OK
    assert (probe.malformed, shown("iec104", probe.facts)["commands"]) == (2, ["C_SC_NA_1 5"])
    assert flow("iec104").feed(0, unit(13, 3, 1, at(5, bytes(4)))) == NOT_MINE


def test_to_every_station():
    probe = flow("iec104")
    probe.feed(0, unit(103, 6, 0xFFFF, at(0, bytes(7))))
    assert "stations" not in shown("iec104", probe.facts)


def test_strangers():
    check_strangers("iec104")


def test_hostile():
    check_hostile("iec104")
