"""TNS: whole conversations, however cut; both widths of lengths; refusals and redirects; descriptors that are odd."""

import pytest
from spoken import check_holes, check_hostile, check_joined, check_strangers, check_talk, flow, shown
from talk_tns import OLD, SESSION, TALKS, WANTED, accept, connect, data, packet, redirect, refuse

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    check_talk("tns", turns, code, initiator, obj, label)


def test_joined_anywhere():
    """Data packets of the older kind, and markers, have nothing to be known by."""
    for turns in (SESSION[:4], *(turns for turns, *_ in TALKS[2:])):
        check_joined("tns", turns, 0.66)
    assert flow("tns").detect(data(b"\xde\xad\xbe\xef" + bytes(60))) == 60


def test_after_holes():
    """Where the accept is lost, the lengths show how wide they are."""
    probe = flow("tns")
    probe.feed(0, SESSION[0][1])
    probe.lost(1, len(accept()))
    for side, said in SESSION[4:]:
        probe.feed(side, said)
    assert (probe.malformed, shown("tns", probe.facts)["packets"]) == (0, 5)
    check_holes("tns", OLD)


@pytest.mark.parametrize(("packet", "away", "home"), [
    (connect(WANTED), 97, 97),
    (connect(WANTED, behind=True), 97, 97),
    (connect(WANTED)[:57], MORE_BYTES, MORE_BYTES),
    (connect(WANTED)[:64], 97, 97),
    (connect(WANTED, version=299), 0, 0),
    (connect(b"x" + WANTED), 0, 0),
    (connect(WANTED)[:24] + b"\0\0" + connect(WANTED)[26:], 0, 0),
    (accept(), 88, 88),
    (accept(200), 0, 0),
    (refuse(b"(ERR=1)"), 88, 88),
    (refuse(b"ERR"), 0, 0),
    (redirect(b"(ADDRESS=)"), 88, 88),
    (data(b"x" * 20), 0, 60),
    (data(b"x" * 20) + b"x", 0, 0),
    (data(b"x" * 20, False), 0, 0),
    (packet(20, bytes(9)), 0, 0),
    (packet(0, bytes(9)), 0, 0),
    (connect(WANTED)[:2] + b"\0\1" + connect(WANTED)[4:], 0, 0),
    (connect(WANTED)[:6] + b"\0\1" + connect(WANTED)[8:], 0, 0),
])
def test_detection(packet, away, home):
    assert [flow("tns", port).detect(packet) for port in (4321, 1521)] == [away, home]


def test_what_follows_must_fit():
    probe = flow("tns")
    probe.feed(0, connect(WANTED))
    assert probe.feed(0, b"rubbish!!" + packet(12, b"\1\0\1")) == OK
    assert (probe.malformed, shown("tns", probe.facts)["types"]) == (1, ["connect", "marker"])
    assert flow("tns").feed(1, refuse(b"ERR")) == NOT_MINE


@pytest.mark.parametrize(("descriptor", "obj"), [
    (b"(CONNECT_DATA=(SERVICE_NAME=a", {}),
    (b"(CONNECT_DATA=(service_name = a.b))", {"service": "a.b"}),
    (b"(CONNECT_DATA=(SERVICE_NAMES=a)(SID=))", {}),
    (b"(CONNECT_DATA=(CID=(PROGRAM=C:\\app\\x.exe)(USER=)))", {"program": "C:\\app\\x.exe"}),
    (b"(CONNECT_DATA=(CID=(HOST=c)))", {"host": "c"}),
    (b"(", {}),
])
def test_descriptors(descriptor, obj):
    probe = flow("tns")
    probe.feed(0, connect(descriptor))
    names = {"service", "sid", "program", "host", "user", "address"}
    assert {key: value for key, value in shown("tns", probe.facts).items() if key in names} == obj


def test_strangers():
    check_strangers("tns")


def test_hostile():
    check_hostile("tns")
